"""A topic is read once more from its beginning when that is wanted, beside the work and whatever becomes of the log."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from headchef_contracts import cloudevents, registry
from headchef_contracts.cloudevents import Attributes
from headchef_contracts.events.catalog import CatalogPublished

from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.port import NewRecord
from headchef.runtime.replay_input import Replay, Replayed
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.world import World
from tests.support.eventually import eventually
from tests.support.hooked_log import Hook, no_hook
from tests.support.log_client import publish

TOPIC = "catalog"
_AT = datetime(2026, 11, 26, tzinfo=UTC)


class Lost:
    """Wants what it has lost, and notes what it was given.

    Args:
        refusals: how often it cannot take what it is given.
        undone: how often it is not known that all was taken.
        most: how many it takes at most; what would be more it refuses for ever.
    """

    def __init__(self, refusals: int = 0, undone: int = 0, most: int = 1_000_000) -> None:
        self.wants = asyncio.Event()
        self.taken: list[str] = []
        self.rounds = 0
        self._refusals = refusals
        self._undone = undone
        self._most = most

    @property
    def replay(self) -> Replay:
        return Replay(TOPIC, self._wanted, self._take, self._done)

    async def _wanted(self) -> None:
        await self.wants.wait()

    async def _take(self, events: Sequence[Replayed]) -> bool:
        if self._refusals:
            self._refusals -= 1
            return False
        if len(self.taken) + len(events) > self._most:
            return False
        for event, cause in events:
            assert isinstance(event, CatalogPublished)
            assert cause.topic == TOPIC
            self.taken.append(event.text)
        return True

    async def _done(self) -> bool:
        if self._undone:
            self._undone -= 1
            return False
        self.wants.clear()
        self.rounds += 1
        return True


def said(world: World, text: str) -> NewRecord:
    event = CatalogPublished(name="default", catalog_version="0" * 16, text=text, file="f", published_at=_AT)
    about = Attributes(text, "/test", CatalogPublished.event_type, 1, _AT, "default")
    return NewRecord(world.topic(TOPIC), registry.encode(event), b"default", 0, cloudevents.to_headers(about))


async def with_topic(make_world: MakeWorld) -> World:
    world = await make_world(partitions=2)
    await world.backend.make_topic(1, name=world.topic(TOPIC))
    return world


def start(world: World, name: str, lost: Lost, hook: Hook = no_hook) -> Instance:
    return world.start(name, Echo(), replays=(lost.replay,), hook=hook)


async def test_nothing_is_read_before_it_is_wanted_and_all_of_it_then(make_world: MakeWorld) -> None:
    world = await with_topic(make_world)
    entries = [f"entry {number}" for number in range(200)]
    await publish(world.outside, [said(world, each) for each in entries])
    lost = Lost()
    start(world, "one", lost)
    await world.publish("a")
    assert await world.until_done() == Counter(["a"])
    assert lost.taken == []
    lost.wants.set()
    await eventually(lambda: lost.rounds == 1)
    assert lost.taken == entries
    await publish(world.outside, [said(world, "later")])
    lost.wants.set()
    await eventually(lambda: lost.rounds == 2)
    assert lost.taken == [*entries, *entries, "later"]


async def test_the_work_goes_on_meanwhile(make_world: MakeWorld) -> None:
    world = await with_topic(make_world)
    await publish(world.outside, [said(world, "entry")])
    lost = Lost(refusals=1_000_000)
    lost.wants.set()
    start(world, "one", lost)
    await world.publish("a", "b")
    assert await world.until_done() == Counter(["a", "b"])
    assert lost.rounds == 0


async def test_what_could_not_be_taken_is_given_again_and_nothing_twice(make_world: MakeWorld) -> None:
    world = await with_topic(make_world)
    await publish(world.outside, [said(world, "first"), said(world, "second")])
    lost = Lost(refusals=2)
    lost.wants.set()
    start(world, "one", lost)
    await eventually(lambda: lost.rounds == 1)
    assert lost.taken == ["first", "second"]


async def test_all_is_read_again_where_nobody_knows_that_it_was(make_world: MakeWorld) -> None:
    world = await with_topic(make_world)
    await publish(world.outside, [said(world, "entry")])
    lost = Lost(undone=1)
    lost.wants.set()
    start(world, "one", lost)
    await eventually(lambda: lost.rounds == 1)
    assert lost.taken == ["entry", "entry"]


async def test_what_cannot_be_read_is_passed_over(make_world: MakeWorld) -> None:
    world = await with_topic(make_world)
    garbage = NewRecord(world.topic(TOPIC), b"no event", b"default", 0)
    gone = said(world, "gone")._replace(value=b"")
    await publish(world.outside, [garbage, said(world, "good"), gone])
    lost = Lost()
    lost.wants.set()
    start(world, "one", lost)
    await eventually(lambda: lost.rounds == 1)
    assert lost.taken == ["good"]


async def test_a_log_that_fails_in_between_costs_no_event(make_world: MakeWorld) -> None:
    world = await with_topic(make_world)
    entries = [f"entry {number}" for number in range(150)]
    await publish(world.outside, [said(world, each) for each in entries])
    faults = iter([True, False, True])

    async def failing(moment: str, step: str) -> None:
        if (moment, step) == ("before", "reader.bounds") and next(faults, False):
            raise LogUnavailable("nobody there")

    lost = Lost()
    instance = start(world, "one", lost)
    await world.publish("a")
    await world.until_done()
    instance.log.hook = failing
    lost.wants.set()
    await eventually(lambda: lost.rounds == 1)
    assert lost.taken == entries


async def test_an_empty_topic_is_read_at_once(make_world: MakeWorld) -> None:
    world = await with_topic(make_world)
    lost = Lost()
    lost.wants.set()
    start(world, "one", lost)
    await eventually(lambda: lost.rounds == 1)
    assert lost.taken == []


async def test_one_that_was_killed_in_the_middle_begins_anew_elsewhere(make_world: MakeWorld) -> None:
    world = await with_topic(make_world)
    entries = [f"entry {number}" for number in range(130)]
    await publish(world.outside, [said(world, each) for each in entries])
    killed, lost = Lost(most=70), Lost()
    for each in (killed, lost):
        each.wants.set()
    first = start(world, "one", killed)
    await eventually(lambda: bool(killed.taken))
    await first.kill()
    assert 0 < len(killed.taken) < len(entries)
    start(world, "two", lost)
    await eventually(lambda: lost.rounds == 1)
    assert lost.taken == entries
