"""How long interactive jobs and a small tenant wait behind a flood of bulk, what it costs, and what memory it takes."""

import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from tests.bench.clients.account import bill_of
from tests.bench.limits import CATALOGUE
from tests.bench.load import Job, Load, make_jobs
from tests.support.kafka_server import KafkaServer
from tests.support.services import Deployment

Figures = dict[str, float]

A_MINUTE = 1200
_LATENCY_S = 0.5
_LANE = "steps.dispatched.default.bulk"
_ENTRY = "jobs.submitted.bulk"
_LOOK_S = 1.0
_PATIENCE_S = 900.0


@dataclass(frozen=True, slots=True)
class Flood:
    """How much is run.

    Attributes:
        few: bulk jobs that lie in the lane when memory is measured first.
        bulk: bulk jobs that are published right before interactive ones.
        queued: bulk jobs in all, when memory is measured again.
        interactive: jobs, one a second: on an idle system, and as many behind bulk.
        others: bulk jobs of another tenant, published when all the bulk before them lies in the lane.
    """

    few: int = 10_000
    bulk: int = 50_000
    queued: int = 100_000
    interactive: int = 40
    others: int = 100


def fairness(server: KafkaServer, flood: Flood) -> Figures:
    """Measure one deployment with one process of each service.

    Args:
        server: the broker.
        flood: sizes.
    """
    namespace = f"fairness-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="headchef-fairness-") as folder:
        catalogue = Path(folder) / "catalogue.yaml"
        catalogue.write_text(CATALOGUE.format(limits=f"requests_per_minute: {A_MINUTE}"))
        deployment = Deployment(
            server.bootstrap,
            namespace,
            Path(folder),
            environment={
                "HEADCHEF_CATALOGUE": str(catalogue),
                "HEADCHEF_LOG_LEVEL": "WARNING",
                "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": str(_LATENCY_S),
                "HEADCHEF_SIMULATOR_QUOTA__REQUESTS_PER_MINUTE": str(A_MINUTE),
            },
        )
        with deployment:
            load = Load(server.bootstrap, namespace)
            try:
                return _measured(deployment, load, flood)
            finally:
                load.close()


def _measured(deployment: Deployment, load: Load, flood: Flood) -> Figures:
    numbers = iter(range(0, 10**9, 10**6))

    def jobs(prefix: str, count: int, tenant: str = "bench") -> list[Job]:
        return list(make_jobs(prefix, count, first=next(numbers), tenant=tenant))

    figures: Figures = {"fairness.bulk": flood.bulk, "fairness.few": flood.few, "fairness.queued": flood.queued}
    load.run(jobs("warm", 10), per_second=1)
    figures |= _waits("idle", load.run(jobs("idle", flood.interactive), per_second=1).overheads_s)
    load.publish(jobs("few", flood.few), entry=_ENTRY)
    _until_in_the_lane(deployment, flood.few)
    figures |= _memory("few", deployment)
    upcoming = jobs("behind", flood.interactive)
    load.publish(jobs("bulk", flood.bulk), entry=_ENTRY)
    with _goodput(deployment, figures, "fairness.goodput"):
        figures |= _waits("behind", load.run(upcoming, per_second=1).overheads_s)
    _until_in_the_lane(deployment, flood.few + flood.bulk)
    with _goodput(deployment, figures, "fairness.others.goodput"):
        took = load.run(jobs("others", flood.others, "other"), entry=_ENTRY)
    figures |= {"fairness.others.jobs": flood.others, "fairness.others.took_s": took.seconds}
    # Half of what flows in is theirs while they wait.
    figures["fairness.others.fair_s"] = flood.others / (A_MINUTE / 60 / 2)
    load.publish(jobs("more", flood.queued - flood.few - flood.bulk), entry=_ENTRY)
    _until_in_the_lane(deployment, flood.queued)
    return figures | _memory("queued", deployment)


@contextmanager
def _goodput(deployment: Deployment, figures: Figures, name: str) -> Iterator[None]:
    """Measure what part of the quota is used while the block runs."""
    before, began_s = bill_of(deployment.simulator_url)["answered"], time.monotonic()
    yield
    answered, took_s = bill_of(deployment.simulator_url)["answered"] - before, time.monotonic() - began_s
    figures[name] = answered / (A_MINUTE / 60 * took_s)


def _waits(name: str, waits_s: Sequence[float]) -> Figures:
    cuts = statistics.quantiles(waits_s, n=100, method="inclusive")
    return {f"fairness.{name}.p{percent}_s": cuts[percent - 1] for percent in (50, 95)}


def _memory(name: str, deployment: Deployment) -> Figures:
    return {
        f"fairness.{name}.{service.name}.rss_mb": service.usage().rss_bytes / 2**20 for service in deployment.services
    }


def _until_in_the_lane(deployment: Deployment, steps: int) -> None:
    """Wait until so many offsets have been written to the lane, a few of which are markers of transactions."""
    name = f"{deployment.namespace}.{_LANE}.v1"
    consumer = Consumer({"bootstrap.servers": deployment.bootstrap, "group.id": uuid.uuid4().hex})
    give_up_s = time.monotonic() + _PATIENCE_S
    try:
        numbers = consumer.list_topics(name, timeout=30).topics[name].partitions
        places = [TopicPartition(name, number) for number in numbers]
        while sum(consumer.get_watermark_offsets(place, timeout=30)[1] for place in places) < steps:
            deployment.check()
            if time.monotonic() > give_up_s:
                raise RuntimeError(f"{steps} steps did not come to {name} within {_PATIENCE_S} s")
            time.sleep(_LOOK_S)
    finally:
        consumer.close()
