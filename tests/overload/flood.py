"""One flood: all services as processes, so many jobs at once, and what became of memory, latency and results."""

import statistics
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from confluent_kafka import Producer

from headchef_contracts.topics import physical

from tests.bench.load import Job, make_jobs
from tests.overload.memory import PeakMemory
from tests.overload.witness import SlowReader, Witness
from tests.support.services import Deployment

CALL_S = 0.02
"""Median latency of the simulated provider."""

SLOW_A_SECOND = 10.0
"""Results that the slow consumer reads in a second."""

PATIENCE_S = 120.0
_UNDER_WAY = 100_000
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Flood:
    """What is done.

    Attributes:
        jobs: how many.
        per_second: how fast they are published; None for all at once.
        slow_reader: whether a slow consumer of results is there too.
    """

    jobs: int
    per_second: float | None = None
    slow_reader: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a flood.

    Attributes:
        jobs: how many were published.
        seconds: from the first publish to the last result.
        results: how many there are of each status.
        missing: jobs without a result.
        repeated: jobs with more than one.
        calls: to the provider.
        in_flight_p50_s: from the beginning of a job's call until its answer was written to the log.
        in_flight_p95_s: the same.
        in_all_p50_s: from a job's submission to its result.
        peak_mb: the most resident memory of its own that each process had, in MiB.
    """

    jobs: int
    seconds: float
    results: dict[str, int]
    missing: int
    repeated: int
    calls: int
    in_flight_p50_s: float
    in_flight_p95_s: float
    in_all_p50_s: float
    peak_mb: dict[str, float]

    def as_json(self) -> dict[str, object]:
        """Give all of it."""
        return asdict(self)


def run(bootstrap: str, folder: Path, flood: Flood) -> Outcome:
    """Start everything, let the flood in, wait for all results, and end everything.

    Args:
        bootstrap: address of a broker.
        folder: for logs and locks, this run's own.
        flood: what is done.

    Raises:
        AssertionError: a process has ended, or results stopped coming.
    """
    namespace = f"flood-{uuid.uuid4().hex[:8]}"
    settings = {"HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": str(CALL_S), "HEADCHEF_LOG_LEVEL": "WARNING"}
    with Deployment(bootstrap, namespace, folder, environment=settings) as deployment, ExitStack() as stack:
        witness = Witness(bootstrap, namespace)
        stack.callback(witness.close)
        if flood.slow_reader:
            stack.enter_context(SlowReader(bootstrap, namespace, SLOW_A_SECOND))
        peaks = PeakMemory({each.name: each.pid for each in deployment.services})
        with peaks:
            began_s = time.monotonic()
            publish(bootstrap, namespace, make_jobs("job", flood.jobs), flood.per_second)
            witness.follow(flood.jobs, PATIENCE_S)
            seconds = time.monotonic() - began_s
        deployment.check()
    in_flight = statistics.quantiles(witness.in_flight_s(), n=20)
    return Outcome(
        jobs=flood.jobs,
        seconds=seconds,
        results=dict(witness.statuses),
        missing=flood.jobs - len(witness.results),
        repeated=sum(1 for count in witness.results.values() if count > 1),
        calls=witness.calls,
        in_flight_p50_s=in_flight[9],
        in_flight_p95_s=in_flight[18],
        in_all_p50_s=statistics.median(witness.in_all_s()),
        peak_mb={name: bytes_ / 2**20 for name, bytes_ in peaks.peaks.items()},
    )


def publish(bootstrap: str, namespace: str, jobs: Iterable[Job], per_second: float | None) -> None:
    """Publish jobs, all acknowledged.

    Args:
        bootstrap: address of the broker.
        namespace: first part of the topic's name.
        jobs: made as they are needed.
        per_second: rate; None for as fast as the broker takes them.
    """
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "queue.buffering.max.messages": _UNDER_WAY,
        }
    )
    failed: Counter[str] = Counter()
    topic = physical(namespace, "jobs.submitted")
    began_s = time.monotonic()
    for number, job in enumerate(jobs):
        while per_second is not None and (early_s := number / per_second - (time.monotonic() - began_s)) > 0:
            producer.poll(early_s)
        while len(producer) >= _UNDER_WAY // 2:
            producer.poll(_POLL_S)
        producer.produce(
            topic, job.value, key=job.job_id, on_delivery=lambda error, _: failed.update([str(error)] if error else [])
        )
        producer.poll(0)
    assert producer.flush(60) == 0
    assert not failed, failed
