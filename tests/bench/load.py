"""Publishes jobs and collects their results with librdkafka, so that the load costs little of what is measured."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

ENTRY = "jobs.submitted"
_PATIENCE_S = 120.0
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Job:
    """One job to publish."""

    job_id: str
    value: bytes


@dataclass
class Results:
    """What came back.

    Attributes:
        seconds: from the first publish to the last result.
        statuses: how many of each.
        caches: how many of each cache kind.
        overheads_s: for each job, from its publish to its result here, less the time inside provider calls.
        duplicates: results beyond the first of a job.
    """

    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    caches: dict[str, int] = field(default_factory=dict)
    overheads_s: list[float] = field(default_factory=list)
    duplicates: int = 0


def make_jobs(prefix: str, count: int, *, first: int = 0, tenant: str = "bench") -> Iterator[Job]:
    """Make jobs with prompts of a realistic size and a schema; the same numbers give the same prompts.

    Args:
        prefix: of the job ids.
        count: how many.
        first: number of the first prompt.
        tenant: whose they are.
    """
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 80},
            "bullets": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 4},
            "text": {"type": "string"},
        },
        "required": ["title", "bullets", "text"],
        "additionalProperties": False,
    }
    for number in range(first, first + count):
        body = {
            "job_id": f"{prefix}-{number}",
            "tenant": tenant,
            "prompt": (
                "Write a product description of the {{ input.name }}, article {{ input.sku }}, for a catalogue. "
                "Facts: {{ input.facts }}. Use the facts alone, claim nothing else, and answer in English."
            ),
            "input": {
                "name": f"Garden chair {number}",
                "sku": f"GC-{number:06d}",
                "facts": f"beech, {40 + number % 20} cm high, {3 + number % 4}.5 kg, made in Norway, 5 years warranty",
            },
            "output": {"schema": schema},
        }
        yield Job(str(body["job_id"]), json.dumps(body).encode())


class Load:
    """A publisher and a read_committed consumer of one namespace.

    Args:
        bootstrap: address of the broker.
        namespace: first part of the topics' names.
    """

    def __init__(self, bootstrap: str, namespace: str) -> None:
        self._namespace = namespace
        finished = f"{namespace}.jobs.finished.v1"
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "partitioner": "murmur2_random",
                "linger.ms": 2,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"{namespace}.bench",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 5,
            }
        )
        partitions = self._consumer.list_topics(finished, timeout=30).topics[finished].partitions
        places = [TopicPartition(finished, number) for number in partitions]
        for place in places:
            place.offset = self._consumer.get_watermark_offsets(place, timeout=30)[1]
        self._consumer.assign(places)

    def run(self, jobs: Sequence[Job], *, per_second: float | None = None, entry: str = ENTRY) -> Results:
        """Publish jobs and wait for all their results.

        Args:
            jobs: in this order.
            per_second: rate of publishing; None for as fast as possible.
            entry: where to, by its logical name.
        """
        results = Results()
        published: dict[str, float] = {}
        seen: set[str] = set()
        began = last = time.perf_counter()
        upcoming = iter(jobs)
        due = next(upcoming, None)
        while len(seen) < len(jobs):
            now = time.perf_counter()
            while due is not None and (per_second is None or now - began >= len(published) / per_second):
                published[due.job_id] = time.perf_counter()
                self._producer.produce(f"{self._namespace}.{entry}.v1", due.value, key=due.job_id)
                due = next(upcoming, None)
                if len(published) % 500 == 0:
                    self._producer.poll(0)
            self._producer.poll(0)
            for message in self._consumer.consume(1000, timeout=0.001 if due is not None else 0.05):
                if (value := message.value()) is not None:
                    last = time.perf_counter()
                    _note(json.loads(value), last, published, seen, results)
            if time.perf_counter() - max(last, began) > _PATIENCE_S:
                raise RuntimeError(f"{len(jobs) - len(seen)} of {len(jobs)} results are missing for {_PATIENCE_S} s")
        results.seconds = last - began
        return results

    def publish(self, jobs: Sequence[Job], *, entry: str = ENTRY) -> None:
        """Publish jobs to an entry, by its logical name, and wait for none of their results."""
        for number, job in enumerate(jobs):
            self._producer.produce(f"{self._namespace}.{entry}.v1", job.value, key=job.job_id)
            if number % 500 == 0:
                self._producer.poll(0)
        self._producer.flush(30)

    def await_count(self, topic: str, count: int) -> None:
        """Wait until so many records are in a topic, by its logical name."""
        name = f"{self._namespace}.{topic}.v1"
        places = [TopicPartition(name, number) for number in self._consumer.list_topics(name).topics[name].partitions]
        due = time.perf_counter() + _PATIENCE_S
        while sum(self._consumer.get_watermark_offsets(place, timeout=30)[1] for place in places) < count:
            if time.perf_counter() > due:
                raise RuntimeError(f"{topic} has not {count} records after {_PATIENCE_S} s")
            time.sleep(_LOOK_S)

    def close(self) -> None:
        """Disconnect."""
        self._producer.flush(10)
        self._consumer.close()


def _note(event: dict[str, Any], now: float, published: dict[str, float], seen: set[str], results: Results) -> None:
    job_id = event["job"]["job_id"]
    if job_id not in published:
        return
    if job_id in seen:
        results.duplicates += 1
        return
    seen.add(job_id)
    results.statuses[event["status"]] = results.statuses.get(event["status"], 0) + 1
    kind = event["cache"]["kind"]
    results.caches[kind] = results.caches.get(kind, 0) + 1
    results.overheads_s.append(now - published[job_id] - event["timing"]["provider_s"])
