"""A broadcast is read whole by every process before it has tasks, then followed, whatever becomes of the log."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from headchef_contracts import cloudevents, registry
from headchef_contracts.cloudevents import Attributes
from headchef_contracts.events.catalog import CatalogPublished
from headchef_contracts.events.common import Event

from headchef.runtime.broadcast import Listener
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.envelope import Envelope
from headchef.runtime.errors import InvalidEvent, LogRefused, LogUnavailable
from headchef.runtime.log.port import NewRecord, Partition, Reader, Record
from headchef.runtime.settings import BadSettings
from headchef.runtime.telemetry.metrics import Metrics
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.world import World
from tests.support.eventually import eventually
from tests.support.hooked_log import Hook, HookedLog, Moment, no_hook
from tests.support.log_client import publish

TOPIC = "catalog"
_AT = datetime(2026, 11, 26, tzinfo=UTC)


class Ear:
    """Remembers what it was told, and what of it had been said at the start; refuses what says so.

    Args:
        lacks: why its process cannot work with what was said at the start.
    """

    def __init__(self, lacks: str | None = None) -> None:
        self.heard: list[str] = []
        self.settled: list[list[str]] = []
        self.passed_over: list[tuple[bytes | None, str]] = []
        self._lacks = lacks

    async def settle(self) -> None:
        self.settled.append(list(self.heard))
        if self._lacks is not None:
            raise BadSettings("HEADCHEF_X", self._lacks)

    async def refused(self, key: bytes | None, message: str) -> None:
        self.passed_over.append((key, message))

    async def take(self, event: Event) -> None:
        assert isinstance(event, CatalogPublished)
        if event.text.startswith("refuse"):
            raise InvalidEvent("made_up", None, "no")
        self.heard.append(event.text)


def said(world: World, text: str, version: int = 1, name: str = "default") -> NewRecord:
    """Make a record of the broadcast."""
    event = CatalogPublished(name=name, catalog_version="0" * 16, text=text, file="f", published_at=_AT)
    about = Attributes(text, "/test", CatalogPublished.event_type, version, _AT, name)
    return NewRecord(world.topic(TOPIC), registry.encode(event), name.encode(), 0, cloudevents.to_headers(about))


async def with_broadcast(make_world: MakeWorld, *, compacted: bool = True) -> World:
    """Make a world that has the broadcast's topic."""
    world = await make_world(partitions=2)
    await world.backend.make_topic(1, name=world.topic(TOPIC), compacted=compacted)
    return world


def listen(world: World, name: str, ear: Ear, hook: Hook = no_hook) -> Instance:
    """Start a process that listens."""
    return world.start(name, Echo(), broadcasts=(Broadcast(TOPIC, ear.take, ear.settle, ear.refused),), hook=hook)


async def test_every_process_reads_all_of_it_before_it_has_tasks(make_world: MakeWorld) -> None:
    world = await with_broadcast(make_world)
    await publish(world.outside, [said(world, f"entry {number}") for number in range(3)])
    ears = {name: Ear() for name in ("one", "two")}
    early: list[str] = []
    for name, ear in ears.items():

        async def before_a_join(moment: Moment, step: str, ear: Ear = ear) -> None:
            if (moment, step) == ("before", "membership.join"):
                early.extend(["too early"] if len(ear.heard) < 3 else ["in time"])

        listen(world, name, ear, before_a_join)
    await world.publish("a", "b")
    assert await world.until_done() == Counter(["a", "b"])
    await eventually(lambda: len(early) == 2)
    assert early == ["in time", "in time"]
    assert [ear.heard for ear in ears.values()] == [["entry 0", "entry 1", "entry 2"]] * 2
    assert [ear.settled for ear in ears.values()] == [[["entry 0", "entry 1", "entry 2"]]] * 2


async def test_what_comes_later_is_taken_without_a_restart(make_world: MakeWorld) -> None:
    world = await with_broadcast(make_world)
    ears = [Ear(), Ear()]
    for number, ear in enumerate(ears):
        listen(world, f"number-{number}", ear)
    await world.publish("a")
    await world.until_done()
    await publish(world.outside, [said(world, "first")])
    await publish(world.outside, [said(world, "second")])
    await eventually(lambda: all(ear.heard == ["first", "second"] for ear in ears))


async def test_an_entry_that_cannot_be_taken_is_passed_over(make_world: MakeWorld) -> None:
    world = await with_broadcast(make_world)
    garbage = NewRecord(world.topic(TOPIC), b"no event", b"default", 0)
    gone = NewRecord(world.topic(TOPIC), None, b"default", 0)
    refused = [garbage, gone, said(world, "newer", version=99), said(world, "refuse this")]
    await publish(world.outside, [said(world, "good"), *refused])
    ear = Ear()
    one = listen(world, "one", ear)
    await world.publish("a")
    assert await world.until_done() == Counter(["a"])
    await publish(world.outside, [*refused, said(world, "better")])
    await eventually(lambda: ear.heard == ["good", "better"])
    assert not one.ended
    assert [key for key, _ in ear.passed_over] == [b"default"] * 8
    assert "version 99" in ear.passed_over[2][1]


async def test_it_has_no_tasks_and_says_why_while_the_log_keeps_the_broadcast_back(make_world: MakeWorld) -> None:
    world = await with_broadcast(make_world)
    await publish(world.outside, [said(world, "good")])
    away, steps = True, 0

    async def hook(moment: Moment, step: str) -> None:
        nonlocal steps
        if moment == "before" and step == "reader.bounds" and away:
            steps += 1
            raise LogUnavailable("away")

    ear = Ear()
    one = listen(world, "one", ear, hook)
    await eventually(lambda: steps >= 3)
    assert one.engine.ready() == "it is reading catalog"
    assert not one.tasks
    away = False
    await eventually(lambda: one.engine.ready() is None)
    assert (one.tasks, ear.heard, ear.settled) == ({0, 1}, ["good"], [["good"]])


async def test_a_fault_of_the_log_loses_and_repeats_nothing(make_world: MakeWorld) -> None:
    world = await with_broadcast(make_world)
    faults = 0

    async def hook(moment: Moment, step: str) -> None:
        nonlocal faults
        if moment == "before" and step == "reader.poll" and ear.heard and faults < 5:
            faults += 1
            raise LogUnavailable("away")

    ear = Ear()
    listen(world, "one", ear, hook)
    texts = [f"entry {number}" for number in range(5)]
    for number, text in enumerate(texts):
        await publish(world.outside, [said(world, text)])
        await eventually(lambda seen=number: len(ear.heard) > seen)  # type: ignore[misc]  # bound now, not later
    await eventually(lambda: faults == 5)
    assert (ear.heard, len(ear.settled)) == (texts, 1)


async def test_what_expired_unread_has_it_read_anew(make_world: MakeWorld) -> None:
    world = await with_broadcast(make_world, compacted=False)
    ear, cut = Ear(), False

    async def hook(moment: Moment, step: str) -> None:
        if cut and moment == "before" and step == "reader.poll":
            raise LogUnavailable("away")

    one = listen(world, "one", ear, hook)
    await publish(world.outside, [said(world, "first")])
    await eventually(lambda: ear.heard == ["first"])
    cut = True
    await publish(world.outside, [said(world, "lost"), said(world, "kept")])
    await world.backend.delete_records(Partition(world.topic(TOPIC), 0), 2)
    cut = False
    await eventually(lambda: ear.heard[-1] == "kept")
    assert not one.ended


class Silent:
    """A reader that stands where it began and brings nothing, as aiokafka's can after a broker's restart."""

    def __init__(self, inner: Reader) -> None:
        self._inner = inner
        self.assign, self.bounds, self.wake, self.close = inner.assign, inner.bounds, inner.wake, inner.close

    async def poll(
        self, partitions: Collection[Partition], *, max_records: int, timeout_s: float
    ) -> Mapping[Partition, Sequence[Record]]:
        await asyncio.sleep(timeout_s)
        return {}

    def position(self, partition: Partition) -> int:
        return 0


class WithSilentReader(HookedLog):
    """A log whose first reader is silent."""

    readers = 0

    async def reader(self, name: str, *, steady: bool = False) -> Reader:
        self.readers += 1
        reader = await super().reader(name, steady=steady)
        return Silent(reader) if self.readers == 1 else reader


async def test_a_reader_that_brings_nothing_is_given_up(make_world: MakeWorld) -> None:
    world = await with_broadcast(make_world)
    await publish(world.outside, [said(world, "good")])
    ear, log, told = Ear(), WithSilentReader(world.outside), list[int]()
    listener = Listener(
        Broadcast(TOPIC, ear.take, fresh=lambda _: told.append(len(ear.heard))),
        log=log,
        name="listener",
        namespace=world.namespace,
        envelope=Envelope(namespace=world.namespace, processor=world.processor, group="g", clock=world.clock),
        clock=world.clock,
        metrics=Metrics(),
    )
    listening = asyncio.ensure_future(listener.run())
    await eventually(lambda: listener.caught_up and bool(told))
    assert (ear.heard, log.readers) == (["good"], 2)
    assert set(told) == {1}, "it was told that all was known while something was held back"
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_who_cannot_work_with_what_was_said_ends_before_it_has_tasks(make_world: MakeWorld) -> None:
    world = await with_broadcast(make_world)
    await publish(world.outside, [said(world, "good")])
    joined: list[str] = []

    async def hook(moment: Moment, step: str) -> None:
        joined.extend([step] if step == "membership.join" else [])

    ear = Ear(lacks="it needs more than that")
    failure = await listen(world, "one", ear, hook).failure()
    assert isinstance(failure, BadSettings)
    assert str(failure) == "HEADCHEF_X: it needs more than that"
    assert (ear.settled, joined) == ([["good"]], [])


async def test_a_topic_that_is_missing_ends_the_process_and_is_named(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    failure = await listen(world, "one", Ear()).failure()
    assert isinstance(failure, LogRefused)
    assert f"topics are missing: {world.topic(TOPIC)}; run `headchef topics create`" in str(failure)


async def test_it_is_told_up_to_when_all_has_been_taken(make_world: MakeWorld) -> None:
    world = await with_broadcast(make_world)
    ear, told = Ear(), list[tuple[float, int]]()
    broadcast = Broadcast(TOPIC, ear.take, fresh=lambda known_s: told.append((known_s, len(ear.heard))))
    world.start("one", Echo(), broadcasts=(broadcast,))
    published: list[float] = []
    for number in range(4):
        await publish(world.outside, [said(world, f"entry {number}")])
        published.append(world.clock.monotonic())
        looks = len(told)
        await eventually(lambda seen=looks: len(told) > seen + 1)  # type: ignore[misc]  # bound now, not later
    for known_s, heard in told:
        assert heard >= sum(at_s <= known_s for at_s in published)
    assert told[-1][1] == len(published)
    assert [known_s for known_s, _ in told] == sorted(known_s for known_s, _ in told)


async def test_it_is_told_when_records_were_published(make_world: MakeWorld) -> None:
    world = await with_broadcast(make_world)
    garbage = NewRecord(world.topic(TOPIC), b"no event", b"default", 0, timestamp_ms=2_000)
    await publish(world.outside, [said(world, "good")._replace(timestamp_ms=1_000), garbage])
    ear, dated = Ear(), list[tuple[float, int, int]]()
    broadcast = Broadcast(
        TOPIC,
        ear.take,
        refused=ear.refused,
        dated=lambda at: dated.append((at.timestamp(), len(ear.heard), len(ear.passed_over))),
    )
    world.start("one", Echo(), broadcasts=(broadcast,))
    await eventually(lambda: len(ear.passed_over) == 1)
    assert dated == [(1.0, 0, 0), (2.0, 1, 0)]
