"""The accounts in as many processes as wanted, on either log, and what they say of pools."""

import random
import uuid
from collections.abc import Sequence
from typing import Any

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.bounds import BoundSet, CacheObserved

from headchef.accounts.__main__ import processor
from headchef.accounts.pools.records import PoolRecord, read_pool_record
from headchef.homes import HOMES
from headchef.runtime.log.port import NewRecord
from headchef.runtime.processor import Processor
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.metrics import Metrics
from headchef.tenants import TOPIC
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.world import World
from tests.support.backends import Backend
from tests.support.log_client import publish

INPUTS = ("reservations.asked", "budgets.booked", "cache.observed")
BOUNDS = "cache.bounds"


class _Always:
    async def wait(self) -> None:
        return


class AccountsWorld(World):
    """Topics of what accounts are told, with the processes that keep them.

    Args:
        backend: the log.
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend, inputs=INPUTS, raw=False)

    async def make_topics(self, sink_max_bytes: int | None = None) -> None:
        """Make all that the processor needs."""
        await super().make_topics(sink_max_bytes)
        for name in (TOPIC, BOUNDS):
            await self.backend.make_topic(1, name=self.topic(name), compacted=True)

    def begin(self, name: str, **settings: Any) -> Instance:
        """Start a process."""
        return self.start(name, Echo(), **settings)

    async def tell(self, events: Sequence[CacheObserved]) -> None:
        """Publish observations, each to the task that keeps its pool."""
        await publish(self.outside, [self._record(event) for event in events])

    async def said(self) -> list[BoundSet]:
        """Give the bounds that were said, in order."""
        found = []
        for record in await self.backend.read_committed(self.topic(BOUNDS)):
            event = registry.decode(BoundSet.event_type, BoundSet.version, record.value or b"")
            assert isinstance(event, BoundSet)
            found.append(event)
        return found

    async def pools(self) -> dict[str, PoolRecord]:
        """Give what is remembered of each pool, by its account."""
        records = await self.backend.read_committed(self.names.changelogs["pools"])
        newest = {(record.key or b"").decode(): record.value for record in records}
        return {account: read_pool_record(value) for account, value in newest.items() if value is not None}

    def _processor(self, *_: object) -> Processor:
        return processor(Surroundings(self.clock, random.Random(0), _Always(), Metrics()))

    def _record(self, event: CacheObserved) -> NewRecord:
        attributes = cloudevents.Attributes(str(uuid.uuid4()), "/test", event.event_type, event.version)
        return NewRecord(
            self.topic("cache.observed"),
            registry.encode(event),
            topics.key_of("cache.observed", event),
            sum(event.account.encode()) % HOMES,
            cloudevents.to_headers(attributes),
        )
