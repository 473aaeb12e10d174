"""One deployment's topics as its users see them: jobs in by a foreign client, results out, and when all is quiet."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from headchef_contracts.topics import logical, physical, required

from tests.support.collector import Collected, Collector
from tests.support.eventually import PATIENCE_S
from tests.support.services import Deployment

PROCESSORS: Mapping[str, Sequence[str]] = {
    "router": (
        "jobs.submitted",
        "jobs.submitted.bulk",
        "jobs.commands",
        "steps.judged",
        "calls.ended",
        "fetches.ended",
        "retrievals.ended",
        "budgets.answered",
        "judgements.planned",
    ),
    "cache": ("steps.planned", "steps.planned.bulk", "cache.settled"),
    "executor.default": ("steps.dispatched.default", "steps.dispatched.default.bulk"),
    "validator": ("steps.completed",),
    "functions": ("calls.planned", "calls.planned.bulk"),
    "fetcher": ("fetches.planned", "fetches.planned.bulk"),
    "retriever": ("retrievals.planned", "retrievals.planned.bulk"),
    "batches": ("jobs.finished", "jobs.refused", "batches.counted"),
    "accounts": ("reservations.asked", "budgets.booked", "cache.observed"),
}
"""The inputs of each processor."""

Header = tuple[str, bytes | None]
T = TypeVar("T")
_LOOK_S = 0.05
_ASK_S = 30.0
_ANY = -1
"""RD_KAFKA_PARTITION_UA: the partitioner chooses."""


class Pipeline:
    """Watches all topics of a deployment while it is entered.

    Args:
        deployment: what runs, started.
    """

    def __init__(self, deployment: Deployment) -> None:
        self.bootstrap = bootstrap = deployment.bootstrap
        self.namespace = namespace = deployment.namespace
        self._check = deployment.check
        self._inputs = {
            name: inputs for name, inputs in PROCESSORS.items() if deployment.count_of(name.partition(".")[0])
        }
        rows = [row for row in required(["default"], deployment.entries) if not row.logical.endswith(".changelog")]
        self.topics = [row.logical for row in rows]
        self._collector = Collector(bootstrap, [physical(namespace, each) for each in self.topics])
        self._latest = [
            TopicPartition(physical(namespace, row.logical), number, OFFSET_END)
            for row in rows
            for number in range(row.partitions)
        ]
        # The driver's admin client has crashed at what a broker that was just started answers: consumers ask instead.
        self._groups = {name: _asker(bootstrap, f"{namespace}.{name}") for name in self._inputs}
        self._ends = [_asker(bootstrap, uuid.uuid4().hex, level) for level in ("read_uncommitted", "read_committed")]
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "linger.ms": 1, "message.max.bytes": 2_000_000, "log_level": 2}
        )

    def __enter__(self) -> Self:
        self._collector.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._collector.__exit__(kind, error, traceback)
        for asker in [*self._groups.values(), *self._ends]:
            asker.close()

    def publish(
        self,
        value: bytes | Mapping[str, Any] | None,
        *,
        topic: str = "jobs.submitted",
        key: bytes | str | None = None,
        headers: Sequence[Header] = (),
        partition: int | None = None,
    ) -> Message:
        """Publish one record with librdkafka and its defaults, and give it as it was acknowledged."""
        acknowledged: list[Message] = []

        def delivered(error: KafkaError | None, message: Message) -> None:
            assert error is None, error
            acknowledged.append(message)

        raw = value if isinstance(value, bytes | None) else json.dumps(value).encode()
        self._producer.produce(
            physical(self.namespace, topic),
            raw,
            key,
            headers=list(headers),
            on_delivery=delivered,
            partition=_ANY if partition is None else partition,
        )
        assert self._producer.flush(PATIENCE_S) == 0
        return acknowledged[0]

    def of(self, topic: str) -> list[Collected]:
        """Give what has come of a topic, by its logical name."""
        return self._collector.of(physical(self.namespace, topic))

    def submitted(self, mention: str) -> list[Collected]:
        """Give what was published, or forwarded, with these words in it."""
        return self._mentions("jobs.submitted", mention.encode())

    def mention(self, topic: str, words: bytes) -> Collected:
        """Wait for a record of a topic with these words in it."""
        return self.wait_for(lambda: self._mentions(topic, words))[0]

    def _mentions(self, topic: str, words: bytes) -> list[Collected]:
        return [it for it in self.of(topic) if words in (it.value or b"")]

    def results(self, job_id: str) -> list[dict[str, Any]]:
        """Give the finished events of a job so far."""
        return [it.event for it in self.of("jobs.finished") if it.event["job"]["job_id"] == job_id]

    def result(self, job_id: str) -> dict[str, Any]:
        """Wait for a job's result."""
        return self.wait_for(lambda: self.results(job_id))[0]

    def wait_for(self, look: Callable[[], T], within_s: float = PATIENCE_S) -> T:
        """Wait until a look at what has come gives something true, and give that; looked again at each arrival."""
        return self._collector.wait_for(look, within_s=within_s, check=self._check)

    def wait_for_count(self, topic: str, count: int) -> list[Collected]:
        """Wait until at least so many records of a topic have come."""
        return self.wait_for(lambda: found if len(found := self.of(topic)) >= count else [])

    def wait_until(self, look: Callable[[], bool]) -> None:
        """Wait until a look at what has come gives true."""
        self._collector.wait_for(look, check=self._check)

    def refusal(self, message: Message) -> dict[str, Any]:
        """Wait for the refusal of a record that was published into its home partition, or without a readable id."""
        place = {"topic": "jobs.submitted", "partition": message.partition(), "offset": message.offset()}

        def look() -> list[dict[str, Any]]:
            return [it.event for it in self.of("jobs.refused") if it.event["source"] == place]

        return self.wait_for(look)[0]

    def letter(self, message: Message) -> Collected:
        """Wait for the dead letter of a record."""
        topic, place = message.topic(), (str(message.partition()), str(message.offset()))
        assert topic is not None
        of = logical(self.namespace, topic)

        def look() -> list[Collected]:
            return [
                it
                for it in self.of(f"{of}.dlq")
                if (it.headers["kafka_original-partition"], it.headers["kafka_original-offset"]) == place
            ]

        return self.wait_for(look)[0]

    def settled(self, within_s: float = PATIENCE_S) -> None:
        """Wait until every processor has committed all its input and everything written has come here.

        Only then does "exactly one" mean something: nothing is on its way any more.
        """
        deadline = time.monotonic() + within_s
        while not self._is_settled():
            self._check()
            assert time.monotonic() < deadline, f"{self.namespace} is not quiet after {within_s} s"
            threading.Event().wait(_LOOK_S)

    def undone(self) -> dict[str, list[Collected]]:
        """Give by topic what a read_uncommitted reader sees beside the rest: copies of transactions that were undone.

        To be called when all is settled: an open transaction is not undone.
        """
        names = {physical(self.namespace, each): each for each in self.topics}
        ends = _offsets(self._ends[0].offsets_for_times(self._latest, timeout=_ASK_S))
        with Collector(self.bootstrap, list(names), "read_uncommitted") as reader:
            reader.wait_for(lambda: reader.has_reached(ends), check=self._check)
            found = {topic: reader.of(name) for name, topic in names.items()}
        committed = {topic: {(it.partition, it.offset) for it in self.of(topic)} for topic in found}
        return {
            topic: [it for it in records if (it.partition, it.offset) not in committed[topic]]
            for topic, records in found.items()
        }

    def committed(self, processor: str, topic: str) -> dict[int, int]:
        """Give the offsets that a processor has committed of one of its inputs, by partition."""
        name = physical(self.namespace, topic)
        return {number: offset for (of, number), offset in self._committed(processor).items() if of == name}

    def standing(self) -> list[tuple[str, int, int, int, dict[str, int]]]:
        """Give each partition's name, number, end, last stable offset, and the places of those that read it."""
        ends, stable = (_offsets(asker.offsets_for_times(self._latest, timeout=_ASK_S)) for asker in self._ends)
        places: dict[str, dict[tuple[str, int], int]] = {}
        for name in self._inputs:
            # A coordinator that does not answer may be what is to be explained.
            with suppress(KafkaException):
                places[name] = self._committed(name)
        return [
            (*each, end, stable[each], {name: found[each] for name, found in places.items() if each in found})
            for each, end in ends.items()
        ]

    def _is_settled(self) -> bool:
        try:
            committed = {name: self._committed(name) for name in self._inputs}
            written, visible = (_offsets(it.offsets_for_times(self._latest, timeout=_ASK_S)) for it in self._ends)
        except KafkaException:
            return False
        if written != visible or not self._collector.has_reached(written):
            return False
        return all(
            committed[processor].get((topic, partition), 0) >= offset
            for processor, inputs in self._inputs.items()
            for topic in (physical(self.namespace, name) for name in inputs)
            for partition, offset in self._collector.next_offsets(topic).items()
        )

    def _committed(self, processor: str) -> dict[tuple[str, int], int]:
        topics = [physical(self.namespace, name) for name in self._inputs[processor]]
        asked = [TopicPartition(it.topic, it.partition) for it in self._latest if it.topic in topics]
        return _offsets(self._groups[processor].committed(asked, timeout=_ASK_S))


def _asker(bootstrap: str, group: str, isolation: str = "read_committed") -> Consumer:
    """Make a client that asks for offsets and never joins a group."""
    return Consumer({"bootstrap.servers": bootstrap, "group.id": group, "isolation.level": isolation, "log_level": 2})


def _offsets(partitions: Sequence[TopicPartition]) -> dict[tuple[str, int], int]:
    for each in partitions:
        if each.error is not None:
            raise KafkaException(each.error)
    return {(each.topic, each.partition): each.offset for each in partitions}
