"""The cache in as many processes as wanted, on either log, with one store, and what it makes of steps and verdicts."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.brakes import BrakeSet
from headchef_contracts.events.common import Event
from headchef_contracts.events.corrections import AnswerCorrected
from headchef_contracts.events.steps import StepCompleted, StepDispatched

from headchef.brakes import TOPIC as BRAKES
from headchef.cache.__main__ import processor
from headchef.cache.circuit import CircuitPolicy
from headchef.cache.forgetting import Forgetting
from headchef.cache.guarded import GuardedStore
from headchef.cache.invalidations import Invalidations
from headchef.cache.settings import CacheSettings
from headchef.cache.waiting import CancelledWaiters
from headchef.cli.broadcast import entry
from headchef.runtime.log.port import NewRecord
from headchef.runtime.processor import Processor
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.metrics import Metrics
from tests.cache.memory_store import MemoryAnswerStore
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.world import World
from tests.support.backends import Backend
from tests.support.eventually import eventually, eventually_async
from tests.support.log_client import publish

PLANNED = topics.of_class("steps.planned", "interactive"), topics.of_class("steps.planned", "bulk")
CAME = ("steps.completed", "steps.dispatched.default", "steps.dispatched.default.bulk")


class _Always:
    async def wait(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a step.

    Attributes:
        id: of the event.
        event: that says so.
    """

    id: str
    event: StepCompleted | StepDispatched

    @property
    def job(self) -> str:
        """The step's job."""
        return self.event.step.job.job_id

    @property
    def kind(self) -> str:
        """`exact`, `coalesced` or another kind for an answer; `sent` where it went to its model."""
        return self.event.cache.kind if isinstance(self.event, StepCompleted) else "sent"


class CacheWorld(World):
    """Topics of steps and verdicts, with the cache that reads them.

    Args:
        backend: the log.
    """

    def __init__(self, backend: Backend) -> None:
        self.store = MemoryAnswerStore()
        # A busy machine may not look for the end of a broadcast for seconds, which other tests are about.
        self.settings = CacheSettings(wait_s=60.0, bulk_wait_s=60.0, fresh_s=60.0)
        self._next: Processor | None = None
        super().__init__(backend, inputs=(*PLANNED, "cache.settled", "answers.corrected"), raw=False)

    async def make_topics(self, sink_max_bytes: int | None = None) -> None:
        """Make all that the processor needs."""
        await super().make_topics(sink_max_bytes)
        for name in CAME:
            await self.backend.make_topic(self.partitions, name=self.topic(name))
        for each in self.processor.broadcasts:
            await self.backend.make_topic(1, name=self.topic(each.topic), compacted=True)

    def begin(self, name: str, **settings: Any) -> Instance:
        """Start a process."""
        self._next = self._made()
        return self.start(name, Echo(), hold=self._next.hold, **settings)

    async def tell(self, *events: Event) -> None:
        """Publish plans, verdicts and corrections, each where its question belongs."""
        await publish(self.outside, [self._record(event) for event in events])

    async def say(self, brake: BrakeSet) -> None:
        """Set a brake, as the command line does, and wait until all processes have heard of it."""
        await publish(self.outside, [entry(brake, BRAKES, self.namespace, brake.set_at)])

        def heard() -> bool:
            living = [each for each in self.instances if not each.log.dead.is_set()]
            holds = [each.engine.processor.hold for each in living]
            return all(isinstance(hold, CancelledWaiters) and hold.stops_any() for hold in holds)

        await eventually(heard)

    async def came(self) -> list[Came]:
        """Give what has come of steps."""
        found = []
        for topic in CAME:
            for record in await self.backend.read_committed(self.topic(topic)):
                attributes = cloudevents.from_headers(record.headers)
                assert attributes is not None
                event = registry.decode(attributes.type, attributes.version, record.value or b"")
                assert isinstance(event, StepCompleted | StepDispatched)
                found.append(Came(attributes.id, event))
        return found

    async def until_gone_on(self, steps: int) -> list[Came]:
        """Wait until so many steps have gone on and all that was read is done, and give what came of them."""

        async def enough() -> bool:
            return len({each.job for each in await self.came()}) >= steps

        await eventually_async(enough)
        await self.until_done()
        return await self.came()

    def _processor(self, *_: object) -> Processor:
        made, self._next = self._next or self._made(), None
        return made

    def _made(self) -> Processor:
        clock, metrics = self.clock, Metrics()
        store = GuardedStore(self.store, CircuitPolicy(1.0, 30.0), clock, metrics)
        invalidations = Invalidations(self.settings.fresh_s, clock, metrics, Forgetting(clock, store))
        surroundings = Surroundings(clock, random.Random(0), _Always(), metrics)
        return processor(store, self.settings, surroundings, invalidations)

    def _record(self, event: Event) -> NewRecord:
        step = getattr(event, "step", None)
        told = "answers.corrected" if isinstance(event, AnswerCorrected) else "cache.settled"
        topic = told if step is None else topics.of_class("steps.planned", step.job.job_class)
        attributes = cloudevents.Attributes(str(uuid.uuid4()), "/test", event.event_type, event.version)
        return NewRecord(
            self.topic(topic),
            registry.encode(event),
            topics.key_of(topic, event),
            headers=cloudevents.to_headers(attributes),
        )


def kinds(came: Sequence[Came]) -> dict[str, list[str]]:
    """Give by job what came of it."""
    found: dict[str, list[str]] = {}
    for each in came:
        found.setdefault(each.job, []).append(each.kind)
    return found
