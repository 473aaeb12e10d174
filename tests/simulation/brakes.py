"""The brakes of a world: in some an operator pauses, resumes and cancels while jobs come in, and then resumes all."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.brakes import BrakeAction, BrakeScope, BrakeSet, brake_of

from headchef.brakes import TOPIC
from headchef.runtime.clock import Clock
from headchef.runtime.log.port import Log, NewRecord
from tests.simulation.jobs import BATCHES, TEAMS, TENANTS
from tests.simulation.process import NAMESPACE
from tests.simulation.services import LANES
from tests.simulation.submission import Submission
from tests.support.log_client import publish

_BRAKED_WORLDS, _SAID_SHARE = 0.4, 0.12
"""The second of the jobs that are submitted in such a world."""

_RECENT = 10
"""Jobs of which one may be named: those before have ended by then."""

_CANCEL_SHARE, _RESUME_SHARE, _GARBAGE_SHARE = 0.2, 0.4, 0.05


@dataclass(frozen=True, slots=True)
class Said:
    """What the operator has said.

    Attributes:
        event: the words.
        at_s: when everybody could read it, on the loop's clock.
    """

    event: BrakeSet
    at_s: float


class Called(NamedTuple):
    """A call when it began.

    Attributes:
        at_s: on the loop's clock.
        known: the brakes that its process knew to be set.
        version: of the catalogue that its process used.
    """

    at_s: float
    known: tuple[BrakeSet, ...]
    version: str | None


class Brakeman:
    """Draws what is said, and says it.

    Args:
        chance: decides what, and when.
        log: a way to the log on which nothing is lost.
        clock: the log's.

    Attributes:
        said: in its order.
    """

    def __init__(self, chance: Random, log: Log, clock: Clock) -> None:
        self.said: list[Said] = []
        self._chance = chance
        self._log = log
        self._clock = clock
        self._braking = chance.random() < _BRAKED_WORLDS
        self._paused: dict[str, BrakeScope] = {}
        self._jobs: list[Mapping[str, Any]] = []

    async def see(self, submission: Submission) -> None:
        """Say something after a submission, or mostly nothing, and seldom what is no event."""
        if submission.kind == "job" and submission.payload is not None:
            self._jobs.append(submission.payload)
        if not self._braking or self._chance.random() >= _SAID_SHARE:
            return
        draw = self._chance.random()
        if draw < _GARBAGE_SHARE:
            await publish(self._log, [NewRecord(topics.physical(NAMESPACE, TOPIC), b"no event", b"?", 0)])
        elif draw < _GARBAGE_SHARE + _RESUME_SHARE and self._paused:
            await self._say("resume", self._chance.choice(list(self._paused.values())))
        else:
            await self._say("cancel" if self._chance.random() < _CANCEL_SHARE else "pause", self._scope())

    async def lift(self) -> None:
        """Resume all that is paused."""
        for scope in list(self._paused.values()):
            await self._say("resume", scope)

    def _scope(self) -> BrakeScope:
        """Choose one that concerns some of the jobs; whole tenants and lanes seldom."""
        draw = self._chance.random()
        if draw < 0.15:
            return BrakeScope(tenant=self._chance.choice(TENANTS))
        if draw < 0.3:
            return BrakeScope(lane=self._chance.choice(LANES))
        if draw < 0.45:
            # Drawn with what is drawn anyway, so that all else of a seed stays as it is.
            return BrakeScope(tenant=TENANTS[len(self.said) % 2], batch_id=self._chance.choice(BATCHES))
        if draw < 0.6:
            return BrakeScope(batch_id=self._chance.choice(BATCHES))
        if draw < 0.8 or not self._jobs:
            return BrakeScope(labels={"team": self._chance.choice(TEAMS)})
        job = self._chance.choice(self._jobs[-_RECENT:])
        return BrakeScope(tenant=job.get("tenant", "default"), job_id=job["job_id"])

    async def _say(self, action: BrakeAction, scope: BrakeScope) -> None:
        if action == "pause":
            self._paused[scope.name] = scope
        elif action == "resume":
            self._paused.pop(scope.name, None)
        brake, now = brake_of(action, scope), self._clock.now()
        event = BrakeSet(brake=brake, action=action, scope=scope, by="operator", set_at=now)
        about = cloudevents.Attributes(f"brake-{len(self.said)}", "/operator", event.event_type, 1, now, brake)
        headers = cloudevents.to_headers(about)
        topic = topics.physical(NAMESPACE, TOPIC)
        await publish(self._log, [NewRecord(topic, registry.encode(event), brake.encode(), 0, headers)])
        self.said.append(Said(event, asyncio.get_running_loop().time()))


def standing(said: Sequence[BrakeSet]) -> set[tuple[str, datetime]]:
    """Give the entries that hold after all that was said, each with when it was said."""
    last = {event.brake: event for event in said}
    return {(brake, event.set_at) for brake, event in last.items() if event.action != "resume"}
