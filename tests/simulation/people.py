"""The people of a world: asked for reviews, they decide in time, too late, twice, wrongly, or not at all."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Literal

import orjson

from headchef_contracts import topics

from headchef.runtime.log.memory import Cluster
from headchef.runtime.log.port import Log, NewRecord, Record
from tests.simulation.process import NAMESPACE
from tests.simulation.workflows import UNFIT, WITHIN_S
from tests.support.log_client import publish

REVIEWS, COMMANDS = "reviews", "jobs.commands"
_LOOK_S = 0.1
_AT_ONCE_S = 0.05
_MISPLACED_SHARE = 0.2

Verdict = Literal["approve", "edit", "reject"]
Name = tuple[str, str, int, int, str, str | None]
"""Tenant, job, run, revision, step and item."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody has said about a review.

    Attributes:
        name: of the review.
        verdict: what is decided.
        document: the edited one.
    """

    name: Name
    verdict: Verdict
    document: str | None = None

    @property
    def is_fit(self) -> bool:
        """Whether it may be taken at all."""
        return self.document is None or UNFIT not in self.document


class People:
    """Reads what is asked, and writes decisions.

    Args:
        chance: decides what they say, when, and where they put it.
        cluster: where they read.
        log: a way to the log on which nothing is lost.

    Attributes:
        said: by the ids of the commands.
    """

    def __init__(self, chance: Random, cluster: Cluster, log: Log) -> None:
        self.said: dict[str, Decision] = {}
        self._chance = chance
        self._cluster = cluster
        self._log = log
        self._read: dict[int, int] = {}
        self._asked: dict[Name, Mapping[str, Any]] = {}
        self._closed: set[Name] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._attending: asyncio.Task[None] | None = None

    @property
    def are_busy(self) -> bool:
        """Whether somebody is asked, has something to say still, or has not read all."""
        if self._attending is None:
            return False
        partitions = enumerate(self._cluster.topic(topics.physical(NAMESPACE, REVIEWS)).partitions)
        unread = any(log.end > self._read.get(number, 0) for number, log in partitions)
        return bool(self._tasks) or unread or bool(self._asked.keys() - self._closed)

    def begin(self) -> None:
        """Look at what is asked, from now on."""
        self._attending = asyncio.ensure_future(self._attend())

    def end(self) -> None:
        """Look no more."""
        if self._attending is not None:
            self._attending.cancel()

    async def _attend(self) -> None:
        while True:
            for number, log in enumerate(self._cluster.topic(topics.physical(NAMESPACE, REVIEWS)).partitions):
                for record in log.records(committed=True, since=self._read.get(number, 0)):
                    self._see(record)
                    self._read[number] = record.offset + 1
                self._read[number] = max(self._read.get(number, 0), log.stable_end)
            await asyncio.sleep(_LOOK_S)

    def _see(self, record: Record) -> None:
        kind = dict(record.headers)["ce_type"]
        event = orjson.loads(record.value or b"")
        if kind == b"headchef.command.refused":
            return
        name = name_of(event)
        if kind == b"headchef.review.closed":
            self._closed.add(name)
        elif name not in self._asked:
            self._asked[name] = event
            left_s = (datetime.fromisoformat(event["due"]) - self._cluster.clock.now()).total_seconds()
            for after_s, decision in self._plan(name, min(left_s, WITHIN_S)):
                self._spawn(after_s, self._command(event, decision))

    def _plan(self, name: Name, left_s: float) -> list[tuple[float, Decision]]:
        """Draw what is said about a review, and after how long."""

        def of(verdict: Verdict, document: str | None = None) -> Decision:
            return Decision(name, verdict, document)

        when_s = self._chance.uniform(0, max(0.0, left_s))
        better, worse = f"better {self._chance.randrange(1000)}", f"{UNFIT} {self._chance.randrange(1000)}"
        ways: Mapping[Callable[[], list[tuple[float, Decision]]], int] = {
            lambda: [(when_s, of("approve"))]: 25,
            lambda: [(when_s, of("edit", better))]: 15,
            lambda: [(when_s, of("edit", worse)), (when_s + _AT_ONCE_S, of("edit", better))]: 10,
            lambda: [(when_s, of("edit", worse))]: 5,
            lambda: [(when_s, of("reject"))]: 15,
            lambda: [(when_s, of("reject")), (when_s + self._chance.uniform(0, _AT_ONCE_S), of("edit", better))]: 12,
            lambda: [(left_s + self._chance.uniform(-_AT_ONCE_S, 1), of("reject"))]: 10,
            list: 8,
        }
        return self._chance.choices(list(ways), list(ways.values()))[0]()

    def _command(self, event: Mapping[str, Any], decision: Decision) -> NewRecord:
        command_id = f"command-{len(self.said)}"
        self.said[command_id] = decision
        job = event["job"]
        kept = ("job_id", "run", "revision", "tenant", "conversation_id")
        command: dict[str, Any] = {name: job[name] for name in kept if name in job}
        command |= {"command_id": command_id, "step_id": event["step_id"], "verdict": decision.verdict, "by": "people"}
        if "item" in event:
            command["item"] = event["item"]
        if decision.document is not None:
            command["document"] = {"inline": decision.document}
        if self._chance.random() < 0.5:
            command["home_partition"] = job["home_partition"]
        misplaced = self._chance.random() < _MISPLACED_SHARE
        partition = self._chance.randrange(2) if misplaced else None
        name = topics.physical(NAMESPACE, COMMANDS)
        return NewRecord(name, orjson.dumps(command), job["job_id"].encode(), partition)

    def _spawn(self, after_s: float, record: NewRecord) -> None:
        async def say() -> None:
            await asyncio.sleep(max(0.0, after_s))
            await publish(self._log, [record])

        task = asyncio.ensure_future(say())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def name_of(event: Mapping[str, Any]) -> Name:
    """Name the review that an event is about."""
    job = event["job"]
    named = (job.get("tenant", "default"), job["job_id"], job.get("run", 0), job.get("revision", 0))
    return (*named, event["step_id"], event.get("item"))
