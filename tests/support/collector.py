"""Collects topics as a consumer of another make sees them, in a thread of its own."""

import json
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from tests.support.eventually import PATIENCE_S

_POLL_S = 0.1
_BATCH = 500
_CHECK_S = 0.5

T = TypeVar("T")
Isolation = Literal["read_committed", "read_uncommitted"]


@dataclass(frozen=True)
class Collected:
    """One record."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    message: Message

    @cached_property
    def event(self) -> dict[str, Any]:
        """Its value as a JSON object."""
        parsed = json.loads(self.value or b"")
        assert isinstance(parsed, dict)
        return parsed

    @cached_property
    def header_list(self) -> Sequence[tuple[str, bytes | None]]:
        """Its headers; not read before they are asked for, since the driver crashes at a name that is no UTF-8."""
        found = self.message.headers() or []
        assert isinstance(found, list), "the driver takes dictionaries and gives lists"
        return [(name, value.encode() if isinstance(value, str) else value) for name, value in found]

    @cached_property
    def headers(self) -> dict[str, str]:
        """Its headers as text; the last of a name counts."""
        return {name: (value or b"").decode(errors="replace") for name, value in self.header_list}


class Collector:
    """Reads whole topics from their beginning while it is entered.

    Args:
        bootstrap: address of the broker.
        topics: full names.
        isolation: what of transactions is seen.
    """

    def __init__(self, bootstrap: str, topics: Sequence[str], isolation: Isolation = "read_committed") -> None:
        self._records: dict[str, list[Collected]] = defaultdict(list)
        self._reached: dict[tuple[str, int], int] = {}
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": uuid.uuid4().hex,
                "isolation.level": isolation,
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
                "log_level": 2,
            }
        )
        known = self._consumer.list_topics(timeout=PATIENCE_S).topics
        self._consumer.assign(
            [TopicPartition(topic, number, 0) for topic in topics for number in known[topic].partitions]
        )
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._consumer.close()

    def of(self, topic: str) -> list[Collected]:
        """Give what has come of a topic so far."""
        with self._changed:
            return list(self._records[topic])

    def wait_for(self, look: Callable[[], T], *, within_s: float = PATIENCE_S, check: Callable[[], None]) -> T:
        """Wait until a look at what has come gives something true, and give that; looked again at each arrival.

        Args:
            look: at what has come.
            within_s: seconds until the test fails.
            check: raises as soon as waiting is in vain.
        """
        deadline = time.monotonic() + within_s
        with self._changed:
            while not (found := look()):
                check()
                counts = {topic: len(records) for topic, records in self._records.items() if records}
                assert time.monotonic() < deadline, f"not within {within_s} s; records that came: {counts}"
                self._changed.wait(_CHECK_S)
        return found

    def has_reached(self, ends: Mapping[tuple[str, int], int]) -> bool:
        """Say whether all before these ends, by topic and partition, has come."""
        with self._changed:
            return all(self._reached.get(partition, 0) >= end for partition, end in ends.items())

    def next_offsets(self, topic: str) -> dict[int, int]:
        """Give for each partition of a topic that has records the offset after the last."""
        return {record.partition: record.offset + 1 for record in self.of(topic)}

    def _read(self) -> None:
        while not self._ended.is_set():
            messages = self._consumer.consume(_BATCH, timeout=_POLL_S)
            if messages:
                with self._changed:
                    for message in messages:
                        self._take(message)
                    self._changed.notify_all()

    def _take(self, message: Message) -> None:
        error = message.error()
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            if error.fatal():
                raise KafkaException(error)
            # A broker that is away; the driver goes on when it is back.
            return
        assert topic is not None
        assert partition is not None
        assert offset is not None
        if error is not None:
            self._reached[topic, partition] = offset
            return
        self._reached[topic, partition] = offset + 1
        self._records[topic].append(Collected(partition, offset, message.key(), message.value(), message))
