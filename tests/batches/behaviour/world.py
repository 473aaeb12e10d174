"""The processor of batches in as many processes as wanted, on either log, and what it tells of batches."""

import random
import uuid
from collections.abc import Sequence
from typing import Any

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.batches import BatchFinished
from headchef_contracts.events.brakes import BrakeSet
from headchef_contracts.events.jobs import JobFinished, JobRefused

from headchef.batches.__main__ import processor
from headchef.batches.heard import Heard
from headchef.batches.settings import BatchesSettings
from headchef.brakes import TOPIC
from headchef.cli.broadcast import entry
from headchef.runtime.log.port import NewRecord
from headchef.runtime.processor import Processor
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.metrics import Metrics
from tests.batches.builders import make_finished, make_refused
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.world import World
from tests.support.backends import Backend
from tests.support.eventually import eventually, eventually_async
from tests.support.log_client import publish

FINISHED = "batches.finished"
WARM_UP = 5


class _Always:
    async def wait(self) -> None:
        return


class BatchWorld(World):
    """Topics of results, refusals and batches, with the processor that counts them.

    Args:
        backend: the log.
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend, inputs=("jobs.finished", "jobs.refused", "batches.counted"), raw=False)

    async def make_topics(self, sink_max_bytes: int | None = None) -> None:
        """Make all that the processor needs."""
        await super().make_topics(sink_max_bytes)
        await self.backend.make_topic(self.partitions, name=self.topic(FINISHED))
        await self.backend.make_topic(1, name=self.topic(TOPIC), compacted=True)

    def begin(self, name: str, **settings: Any) -> Instance:
        """Start a process."""
        return self.start(name, Echo(), **settings)

    async def tell(self, *events: JobFinished | JobRefused) -> None:
        """Publish results and refusals, each where its job belongs."""
        await publish(self.outside, [self._record(event) for event in events])

    async def say(self, brake: BrakeSet) -> None:
        """Set a brake, or lift one, as the command line does, and wait until all processes have heard of it."""
        await publish(self.outside, [entry(brake, TOPIC, self.namespace, brake.set_at)])

        def heard() -> bool:
            living = [each for each in self.instances if not each.log.dead.is_set()]
            takers = [each.engine.processor.broadcasts[0].taker for each in living]
            ears = [getattr(taker, "__self__", None) for taker in takers]
            return all(isinstance(ear, Heard) and ear.last(brake.scope.name) == brake for ear in ears)

        await eventually(heard)

    async def brakes(self) -> list[BrakeSet]:
        """Give what was said of brakes, in order."""
        found = [
            registry.decode(BrakeSet.event_type, 1, record.value or b"")
            for record in await self.backend.read_committed(self.topic(TOPIC))
        ]
        return [event for event in found if isinstance(event, BrakeSet)]

    async def told(self) -> list[tuple[str, BatchFinished]]:
        """Give what was told of batches that have ended, each with its event id."""
        found = []
        for record in await self.backend.read_committed(self.topic(FINISHED)):
            attributes = cloudevents.from_headers(record.headers)
            event = registry.decode(BatchFinished.event_type, 1, record.value or b"")
            assert attributes is not None
            assert isinstance(event, BatchFinished)
            found.append((attributes.id, event))
        return found

    async def until_told(self, batches: int) -> list[tuple[str, BatchFinished]]:
        """Wait until so many batches have ended and all that was read is done, and give what was told."""

        async def enough() -> bool:
            return len({event.batch_id for _, event in await self.told()}) >= batches

        await eventually_async(enough)
        await self.until_done()
        await self.until_done()  # What was passed on meanwhile is read too.
        return await self.told()

    def _processor(self, *_: object) -> Processor:
        return processor(
            BatchesSettings(warm_up=WARM_UP), Surroundings(self.clock, random.Random(0), _Always(), Metrics())
        )

    def _record(self, event: JobFinished | JobRefused) -> NewRecord:
        topic = "jobs.finished" if isinstance(event, JobFinished) else "jobs.refused"
        attributes = cloudevents.Attributes(str(uuid.uuid4()), "/test", event.event_type, event.version)
        return NewRecord(
            self.topic(topic),
            registry.encode(event),
            topics.key_of(topic, event),
            headers=cloudevents.to_headers(attributes),
        )


def endings(batch: str, size: int, *, first: int = 0) -> Sequence[JobFinished | JobRefused]:
    """Give what the jobs of a batch come to: every fourth is refused, and every fifth is told of twice."""
    made: list[JobFinished | JobRefused] = []
    for number in range(first, size):
        about: dict[str, Any] = {"batch_id": batch, "batch_size": size}
        job_id = f"{batch}-{number}"
        made.append(make_refused(job_id, **about) if number % 4 == 3 else make_finished(job_id, **about))
        if number % 5 == 0:
            made.append(made[-1])
    return made
