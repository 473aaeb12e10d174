"""An operator who invalidates earlier answers, a log that keeps that from some caches, and who asks the same again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import orjson

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.invalidations import CacheInvalidated, InvalidatedScope, entry_of

from headchef.cache.invalidations import TOPIC
from headchef.marks import template_of_texts
from headchef.runtime.log.memory import Cluster
from headchef.runtime.log.port import Log, NewRecord
from tests.simulation.jobs import TEAMS, TENANTS
from tests.simulation.process import NAMESPACE, SimulatedProcess
from tests.simulation.submission import Submission
from tests.support.log_client import publish

_SHARE, _SAID_SHARE, _ERASE_SHARE = 0.3, 0.2, 0.2
"""Of the worlds; of the jobs that are submitted in one, after which something is said; and of what is said of a tenant.
"""

_HELD_SHARE, _HELD_S = 0.5, 6.0
_AGAIN, _AGAIN_S = 3, 5.0
_GARBAGE = NewRecord(topics.physical(NAMESPACE, TOPIC), b"no event", b"?", 0)


@dataclass(frozen=True, slots=True)
class Invalidation:
    """What was said, in words of jobs and not of hashes.

    Attributes:
        at_s: when it could be read, on the loop's clock.
        tenant: whose answers; None for everybody's.
        tag: that their jobs have; None for any.
        texts: system prompt and prompt that were filled in; None for any.
    """

    at_s: float
    tenant: str | None = None
    tag: str | None = None
    texts: tuple[str, ...] | None = None

    def concerns(self, job: Mapping[str, Any]) -> bool:
        """Say whether answers to a job are meant."""
        return (
            self.tenant in (None, job.get("tenant", "default"))
            and (self.tag is None or self.tag in job.get("cache_tags", ()))
            and (self.texts is None or self.texts == _texts(job))
        )


class Invalidator:
    """Draws what is said, and says it.

    Args:
        chance: decides what, and when.
        log: a way to the log on which nothing is lost.
        cluster: the log.
        caches: gives the processes that heed it.
        submissions: what is submitted, to which jobs are added that ask again what was invalidated.

    Attributes:
        said: in its order.
    """

    def __init__(
        self,
        chance: Random,
        log: Log,
        cluster: Cluster,
        caches: Callable[[], Sequence[SimulatedProcess]],
        submissions: list[Submission],
    ) -> None:
        self.said: list[Invalidation] = []
        self._chance = chance
        self._log = log
        self._cluster = cluster
        self._caches = caches
        self._at_work = chance.random() < _SHARE
        self._submissions = submissions
        self._templates: list[tuple[str, ...]] = []
        self._asking: list[asyncio.Future[None]] = []

    async def see(self, submission: Submission) -> None:
        """Say something after a job, or mostly nothing, and seldom what is no event; perhaps a cache hears it late."""
        if not self._at_work or submission.payload is None or submission.kind != "job":
            return
        if (texts := _texts(submission.payload)) is not None:
            self._templates.append(texts)
        if self._chance.random() >= _SAID_SHARE:
            return
        if self._chance.random() < _HELD_SHARE:
            self._hold_back()
        draw = self._chance.random()
        if draw < 0.1:
            await self._publish(_GARBAGE, {})
        elif draw < 0.4 and self._templates:
            texts = self._chance.choice(self._templates)
            await self._say(InvalidatedScope(template=template_of_texts(*texts)), {"texts": texts})
        elif draw < 0.8:
            about = {"tenant": self._chance.choice((None, *TENANTS)), "tag": self._chance.choice(TEAMS)}
            await self._say(InvalidatedScope(**about), about)
        else:
            tenant = self._chance.choice(TENANTS)
            erase = self._chance.random() < _ERASE_SHARE
            await self._say(InvalidatedScope(tenant=tenant), {"tenant": tenant}, erase=erase)

    async def done(self) -> None:
        """Wait until all has been asked again."""
        await asyncio.gather(*self._asking)

    def heal(self) -> None:
        """Hold nothing back any more."""
        self._cluster.held_back.clear()

    def _hold_back(self) -> None:
        held = self._chance.choice(self._caches()).life.name, _GARBAGE.topic
        self._cluster.held_back.add(held)
        release_s = self._chance.uniform(0, _HELD_S)
        asyncio.get_running_loop().call_later(release_s, self._cluster.held_back.discard, held)

    async def _say(self, scope: InvalidatedScope, about: dict[str, Any], *, erase: bool = False) -> None:
        entry, now = entry_of(scope, erase=erase), self._cluster.clock.now()
        event = CacheInvalidated(entry=entry, scope=scope, erase=erase, by="operator", at=now)
        attributes = cloudevents.Attributes(
            f"invalidation-{len(self.said)}", "/operator", event.event_type, 1, now, entry
        )
        headers = cloudevents.to_headers(attributes)
        await self._publish(_GARBAGE._replace(value=registry.encode(event), key=entry.encode(), headers=headers), about)

    async def _publish(self, record: NewRecord, about: dict[str, Any]) -> None:
        await publish(self._log, [record])
        said = Invalidation(asyncio.get_running_loop().time(), **about)
        self.said.append(said)
        earlier = [each for each in self._submissions if each.kind == "job" and _asks(each.payload, said)]
        for each in self._chance.sample(earlier, min(_AGAIN, len(earlier))):
            self._asking.append(asyncio.ensure_future(self._ask_again(each, self._chance.uniform(0, _AGAIN_S))))

    async def _ask_again(self, earlier: Submission, after_s: float) -> None:
        """Ask as another job what an earlier one has asked."""
        await asyncio.sleep(after_s)
        job = {name: value for name, value in (earlier.payload or {}).items() if name != "deadline"}
        job["job_id"] = f"again-{len(self._submissions)}"
        again = replace(
            earlier, value=orjson.dumps(job), payload=job, partition=None, key=job["job_id"].encode(), headers=()
        )
        self._submissions.append(again)
        await publish(self._log, [again.record()])


def _asks(job: Mapping[str, Any] | None, said: Invalidation) -> bool:
    """Say whether a job is one question, whose answer may be served, and is meant."""
    return job is not None and "prompt" in job and "cache" not in job and said.concerns(job)


def _texts(job: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Give the texts of a job that is filled in from its input; None where there are none."""
    if "prompt" not in job or "input" not in job:
        return None
    return (*([job["system"]] if "system" in job else []), job["prompt"])
