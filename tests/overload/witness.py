"""Reads what comes of a flood of jobs, and keeps of each record only what is measured: ids, times and places."""

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Consumer, Message, TopicPartition

from headchef_contracts.topics import physical, topic

_BATCH = 1_000
_POLL_S = 0.05


def reader(bootstrap: str, namespace: str, group: str, names: Sequence[str]) -> Consumer:
    """Make a read_committed consumer that reads topics from their beginning.

    Args:
        bootstrap: address of the broker.
        namespace: first part of the topics' names.
        group: for its client; it never joins one.
        names: logical names of the topics.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{namespace}.{group}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "queued.max.messages.kbytes": 65_536,
        }
    )
    consumer.assign(
        [
            TopicPartition(physical(namespace, name), number, 0)
            for name in names
            for number in range(topic(name).partitions)
        ]
    )
    return consumer


class Witness:
    """Follows calls and results.

    Args:
        bootstrap: address of the broker.
        namespace: first part of the topics' names.

    Attributes:
        results: how many each job has.
        statuses: how many results of each.
        calls: how many there were.
    """

    def __init__(self, bootstrap: str, namespace: str) -> None:
        self.results: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.calls = 0
        self._consumer = reader(bootstrap, namespace, "witness", ["jobs.finished", "attempts.recorded", "jobs.refused"])
        self._calls_s: dict[str, tuple[float, float]] = {}
        self._jobs_s: dict[str, float] = {}

    def follow(self, jobs: int, patience_s: float) -> None:
        """Read until so many different jobs have a result, and all their calls are known.

        Raises:
            AssertionError: nothing came for as long as the patience.
        """
        last_s = time.monotonic()
        while len(self.results) < jobs or len(self._calls_s) < jobs:
            messages = self._consumer.consume(_BATCH, timeout=_POLL_S)
            for message in messages:
                self._note(message)
            now_s = time.monotonic()
            last_s = now_s if messages else last_s
            assert now_s - last_s < patience_s, f"{jobs - len(self.results)} of {jobs} results are missing"

    def in_flight_s(self) -> list[float]:
        """Give for each job the time from the beginning of its call until the answer was written to the log."""
        return [written_s - began_s for began_s, written_s in self._calls_s.values()]

    def in_all_s(self) -> list[float]:
        """Give for each job the time from its submission to its result, the wait in the log included."""
        return list(self._jobs_s.values())

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def _note(self, message: Message) -> None:
        if message.error() is not None:
            raise AssertionError(message.error())
        event: dict[str, Any] = json.loads(message.value() or b"")
        if "started_at" in event:
            self.calls += 1
            written_s = message.timestamp()[1] / 1000
            self._calls_s.setdefault(event["job"]["job_id"], (_seconds(event["started_at"]), written_s))
            return
        assert "timing" in event, f"a job was refused: {event}"
        job_id = event["job"]["job_id"]
        self.results[job_id] += 1
        self.statuses[event["status"]] += 1
        timing = event["timing"]
        self._jobs_s[job_id] = _seconds(timing["finished_at"]) - _seconds(timing["submitted_at"])


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class SlowReader:
    """Reads results at a trickle while it is entered, as a consumer does that cannot keep up.

    Args:
        bootstrap: address of the broker.
        namespace: first part of the topics' names.
        per_second: records that it takes.

    Attributes:
        taken: records that it has read.
    """

    def __init__(self, bootstrap: str, namespace: str, per_second: float) -> None:
        self.taken = 0
        self._consumer = reader(bootstrap, namespace, "slow", ["jobs.finished"])
        self._pause_s = 1 / per_second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            self.taken += len(self._consumer.consume(1, timeout=0))
