"""A processor under test in as many processes as wanted, on either log, and the eyes to see what came of it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

from headchef_contracts import topics
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.admission import Admission, Sharing
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.clock import Clock, SystemClock
from headchef.runtime.log.port import Commit, Headers, NewRecord, Partition, Record
from headchef.runtime.names import names
from headchef.runtime.processor import BatchHandler, Handler, Hold, Input, Processor, Store
from headchef.runtime.replay_input import Replay
from headchef.runtime.settings import RuntimeSettings
from tests.runtime.behaviour.echo import SINK, Echo
from tests.runtime.behaviour.instance import Instance
from tests.support.backends import Backend
from tests.support.eventually import PATIENCE_S, eventually, eventually_async
from tests.support.hooked_log import Hook, no_hook
from tests.support.log_client import publish
from tests.support.virtual_time import LoopClock, VirtualTimeLoop

SOURCE, SECOND = "steps.completed", "steps.judged"
SESSION_S = 2.0
"""Short enough for a test to wait it out. A busy machine stands still for as long: of a process with such a session
nothing may be said but that it gets over the loss of its place."""

Order = Literal["in_order", "batches", "concurrent"]


class World:
    """Topics of one processor, and its processes.

    Args:
        backend: the log.
        partitions: of every topic; the number of tasks.
        inputs: logical names.
        stores: of the processor.
        raw: whether the inputs are delivered as bytes.
        bulk: those of the inputs that are of the class `bulk`.
        flow: names the flow of a record, of each input.
        timers: whether the processor sets timers.
        waiting: how many may be set before no more records are handed over.
        retention_s: of the inputs; None for ever.
        session_s: of its processes, unless one is started with another.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        partitions: int = 4,
        inputs: Sequence[str] = (SOURCE,),
        stores: Sequence[Store] = (),
        raw: bool = True,
        bulk: Sequence[str] = (),
        flow: Callable[[Record], str] | None = None,
        timers: bool = False,
        waiting: int | None = None,
        retention_s: float | None = None,
        session_s: float = SESSION_S,
    ) -> None:
        self.backend = backend
        self.clock: Clock = LoopClock() if isinstance(asyncio.get_running_loop(), VirtualTimeLoop) else SystemClock()
        self.namespace = backend.name("world").replace(".", "-")
        self.partitions = partitions
        self.inputs = tuple(Input(topic, "bulk" if topic in bulk else "interactive", raw, flow) for topic in inputs)
        self.stores = tuple(stores)
        self.timers = timers
        self.waiting = waiting
        self.retention_s = retention_s
        self.session_s = session_s
        self.processor = self._processor(Echo(), "in_order", 1)
        self.names = names(self.namespace, self.processor)
        self.instances: list[Instance] = []
        self.outside = backend.process("outside")

    def topic(self, logical: str) -> str:
        """Give a full topic name."""
        return topics.physical(self.namespace, logical)

    def source(self, partition: int) -> Partition:
        """Give a partition of the first input."""
        return Partition(self.topic(SOURCE), partition)

    async def make_topics(self, sink_max_bytes: int | None = None) -> None:
        """Make all that the processor needs."""
        make = self.backend.make_topic
        names = [*self.names.topics, *(self.topic(f"{source.topic}.dlq") for source in self.inputs)]
        kept_s = dict.fromkeys(self.names.inputs, self.retention_s)
        await asyncio.gather(
            *(make(self.partitions, name=name, retention_s=kept_s.get(name)) for name in names),
            make(self.partitions, name=self.topic(SINK), max_message_bytes=sink_max_bytes),
        )

    def start(
        self,
        name: str,
        handler: Handler | BatchHandler,
        *,
        order: Order = "in_order",
        concurrency: int = 64,
        admission: Admission | None = None,
        sharing: Sharing | None = None,
        broadcasts: tuple[Broadcast, ...] = (),
        replays: tuple[Replay, ...] = (),
        hold: Hold | None = None,
        most_held: int = 1_000,
        hook: Hook = no_hook,
        transaction_timeout_s: float = 15.0,
        **settings: Any,
    ) -> Instance:
        """Start a process; the same name is the same static member. `settings` are those of the runtime."""
        chosen = RuntimeSettings(
            namespace=self.namespace, **{"session_timeout_s": self.session_s, "heartbeat_s": 0.1, **settings}
        )
        log = self.backend.process(name, transaction_timeout_s=transaction_timeout_s)
        made = self._processor(handler, order, concurrency, admission)
        heard: dict[str, Any] = {"broadcasts": (*made.broadcasts, *broadcasts), "replays": replays, "sharing": sharing}
        runs = replace(made, **heard, hold=hold, most_held=most_held)
        instance = Instance(runs, chosen, name, log=log, backend=self.backend, clock=self.clock)
        instance.log.hook = hook
        self.instances.append(instance)
        return instance

    async def publish(
        self, *values: str, partition: int | None = None, topic: str = SOURCE, key: str = "", headers: Headers = ()
    ) -> None:
        """Write records to an input: with a key, to a partition, or spread evenly."""
        records = [
            NewRecord(
                self.topic(topic),
                value.encode(),
                key.encode() or None,
                partition if partition is not None or key else number % self.partitions,
                headers,
            )
            for number, value in enumerate(values)
        ]
        await publish(self.outside, records)

    async def outputs(self) -> list[str]:
        """Give the values that came out, as a read_committed reader sees them, partition by partition."""
        return [JobSubmitted.model_validate_json(record.value or b"").job_id for record in await self.sink()]

    async def sink(self) -> Sequence[Record]:
        """Give the records that came out."""
        return await self.backend.read_committed(self.topic(SINK))

    async def until_out(self, count: int) -> Counter[str]:
        """Wait until so many different values are out, and give how often each is."""

        async def enough() -> Counter[str] | None:
            found = Counter(await self.outputs())
            return found if len(found) >= count else None

        return await eventually_async(enough) or Counter()

    async def dead_letters(self, topic: str = SOURCE) -> Sequence[Record]:
        """Give the dead letters of an input."""
        return await self.backend.read_committed(self.topic(f"{topic}.dlq"))

    async def place(self, partition: int, topic: str = SOURCE) -> Commit | None:
        """Give the group's place in an input partition."""
        wanted = Partition(self.topic(topic), partition)
        return (await self.outside.committed(self.names.group, [wanted])).get(wanted)

    async def until_placed(self, place: Commit, topic: str = SOURCE) -> None:
        """Wait until the group's place in the first partition of an input is this one.

        A transaction's places are there when its marker has come to the coordinator, which may be after its commit.
        """

        async def placed() -> bool:
            return await self.place(0, topic) == place

        await eventually_async(placed)

    async def until_later(self, seconds: float) -> None:
        """Wait until so much time has passed for the processes."""
        due_s = self.clock.monotonic() + seconds
        await eventually(lambda: self.clock.monotonic() >= due_s, within_s=seconds + PATIENCE_S)

    async def until_done(self, within_s: float = PATIENCE_S) -> Counter[str]:
        """Wait until the group's places are past all records of the inputs, and give how often each value is out.

        A transaction's places may be there before its marker has come to each of the topics that it wrote to.
        """
        last = {
            Partition(record.topic, record.partition): record.offset
            for topic in self.names.inputs
            for record in await self.backend.read_committed(topic)
        }

        async def done() -> bool:
            places = await self.outside.committed(self.names.group, last)
            return all(each in places and places[each].offset > offset for each, offset in last.items())

        await eventually_async(done, within_s=within_s)
        await self.until_marked()
        return Counter(await self.outputs())

    async def until_marked(self) -> None:
        """Wait until nothing that the processor has written is in a transaction without its marker."""
        dead = [f"{source.topic}.dlq" for source in self.inputs]
        topics = [*map(self.topic, [SINK, *dead]), *self.names.changelogs.values(), self.names.births]
        counts = await self.outside.partition_counts(topics)
        written = [Partition(topic, number) for topic, count in counts.items() for number in range(count)]

        async def marked() -> bool:
            return await self.backend.stable_ends(written) == await self.backend.ends(written)

        await eventually_async(marked)

    async def close(self) -> None:
        """End all processes."""
        for instance in self.instances:
            await instance.clear_up()

    def _processor(
        self, handler: Handler | BatchHandler, order: Order, concurrency: int, admission: Admission | None = None
    ) -> Processor:
        return Processor(
            name="validator",
            inputs=self.inputs,
            handler=handler,
            stores=self.stores,
            timers=self.timers,
            waiting=self.waiting,
            order=order,
            concurrency=concurrency,
            admission=admission,
            batch=50,
        )


async def six_handled(world: World, guarantee: str = "exactly_once") -> Counter[str]:
    """Have a process handle the records "0" to "5" and leave, and give what came out."""
    await world.publish(*map(str, range(6)))
    one = world.start("one", Echo(), processing_guarantee=guarantee)
    done = await world.until_done()
    await one.stop()
    return done
