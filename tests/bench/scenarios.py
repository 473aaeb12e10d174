"""What is measured: cold jobs, exact hits, overhead at a steady rate; each with what every process used for it."""

import asyncio
import statistics
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.load import Job, Load, Results, make_jobs
from tests.bench.yardstick import calls_a_second
from tests.support.kafka_server import KafkaServer
from tests.support.services import Deployment
from tests.support.usage import Usage, usage_of

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is run.

    Attributes:
        jobs: cold ones, and as many exact hits.
        warm_up: jobs before the measuring starts: a broker in production is warm, and one that is not spends more on
            compiling itself than on records.
        rates: jobs a second for each figure of overhead: one that may fill a small machine, and one that does not.
        seconds: how long each rate is kept, first unmeasured and then measured.
        calls: of the yardstick.
        calls_at_once: of the yardstick, and of an executor.
        executors: processes.
    """

    jobs: int = 20_000
    warm_up: int = 20_000
    rates: Mapping[str, float] = field(default_factory=lambda: {"overhead": 100.0, "calm": 20.0})
    seconds: float = 20.0
    calls: int = 20_000
    calls_at_once: int = 64
    executors: int = 2


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment under measurement.

    Attributes:
        server: the broker.
        deployment: simulator and services.
        load: publisher and consumer.
        prefix: begins the names of this stage's figures.
    """

    server: KafkaServer
    deployment: Deployment
    load: Load
    prefix: str

    def usages(self) -> dict[str, Usage]:
        """Measure every process."""
        found = {each.name: each.usage() for each in [*self.deployment.services, self.deployment.simulator]}
        if self.server.pid is not None:
            found["broker"] = usage_of(self.server.pid)
        return found


@contextmanager
def stage(server: KafkaServer, guarantee: str, sizes: Sizes) -> Iterator[Stage]:
    """Deploy everything, in a namespace of its own, and warm it up."""
    namespace = f"bench-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="headchef-bench-") as folder:
        deployment = Deployment(
            server.bootstrap,
            namespace,
            Path(folder),
            counts={"executor": sizes.executors},
            environment={
                "HEADCHEF_PROCESSING_GUARANTEE": guarantee,
                "HEADCHEF_LOG_LEVEL": "WARNING",
                "HEADCHEF_EXECUTOR_CONCURRENCY": str(sizes.calls_at_once),
            },
        )
        with deployment:
            load = Load(server.bootstrap, namespace)
            try:
                load.run(list(make_jobs("warm", sizes.warm_up, first=1_000_000)))
                yield Stage(server, deployment, load, guarantee)
            finally:
                load.close()


def cold(on: Stage, sizes: Sizes) -> Figures:
    """Measure distinct one-step jobs, each with one call to the simulator."""
    return _throughput(on, "cold", list(make_jobs("cold", sizes.jobs)), {"miss": sizes.jobs})


def exact_hits(on: Stage, sizes: Sizes) -> Figures:
    """Measure the same prompts with new ids, all answered from the cache."""
    return _throughput(on, "hits", list(make_jobs("hits", sizes.jobs)), {"exact": sizes.jobs})


def overhead(on: Stage, sizes: Sizes) -> Figures:
    """Measure distinct jobs at steady rates: end to end less the time inside the provider.

    A broker works on single records with other code than on large batches, and has to compile that too: each rate is
    run once unmeasured.
    """
    figures: Figures = {}
    for number, (name, rate) in enumerate(sizes.rates.items()):
        count = int(rate * sizes.seconds)
        first = 2_000_000 + 100_000 * number
        on.load.run(list(make_jobs(f"before-{name}", count, first=first)), per_second=rate)
        before = on.usages()
        results = on.load.run(list(make_jobs(name, count, first=first + count)), per_second=rate)
        _check(results, {"miss": count})
        cuts = statistics.quantiles(results.overheads_s, n=100)
        figures |= {f"{on.prefix}.{name}.p{percent}_ms": cuts[percent - 1] * 1000 for percent in (50, 95, 99)}
        figures |= _used(on, name, before, count)
    return figures


def yardstick(on: Stage, sizes: Sizes) -> Figures:
    """Measure a bare loop against the same simulator, with the services idle."""
    url = on.deployment.simulator_url
    rate = asyncio.run(calls_a_second(url, calls=sizes.calls, at_once=sizes.calls_at_once))
    return {"yardstick.calls_per_s": rate}


def _throughput(on: Stage, name: str, jobs: list[Job], expected: Mapping[str, int]) -> Figures:
    before = on.usages()
    results = on.load.run(jobs)
    _check(results, expected)
    figures = {f"{on.prefix}.{name}.jobs_per_s": len(jobs) / results.seconds}
    return figures | _used(on, name, before, len(jobs))


def _used(on: Stage, name: str, before: Mapping[str, Usage], jobs: int) -> Figures:
    figures: Figures = {}
    total_s = 0.0
    for process, usage in on.usages().items():
        spent_s = usage.cpu_s - before[process].cpu_s
        total_s += spent_s
        figures[f"{on.prefix}.{name}.{process}.cpu_us_per_job"] = spent_s / jobs * 1e6
        figures[f"{on.prefix}.{name}.{process}.rss_mb"] = usage.rss_bytes / 2**20
    figures[f"{on.prefix}.{name}.all.cpu_us_per_job"] = total_s / jobs * 1e6
    return figures


def _check(results: Results, caches: Mapping[str, int]) -> None:
    """Refuse to report figures of something else than what was meant to be measured."""
    jobs = sum(caches.values())
    if results.statuses != {"ok": jobs} or results.caches != dict(caches) or results.duplicates:
        raise RuntimeError(f"not what was to be measured: {results.statuses}, {results.caches}, {results.duplicates}")
