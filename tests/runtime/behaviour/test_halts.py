"""Too many dead letters halt a processor: what came before is committed, the one too many is not consumed."""

from collections import Counter
from typing import Any

import pytest

from headchef.runtime.errors import InvalidEvent, TooManyDeadLetters
from headchef.runtime.log.port import NewRecord
from headchef.runtime.processor import Delivery, Outcome, State
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.test_dead_letters import EventEcho, Failing, event
from tests.runtime.behaviour.world import SECOND, SOURCE, Order, World
from tests.support.eventually import eventually_async
from tests.support.log_client import publish

ORDERS = pytest.mark.parametrize("order", ["in_order", "concurrent"])


def broken(world: World, count: int, topic: str = SOURCE) -> list[NewRecord]:
    """Make internal records that are no events."""
    return [NewRecord(world.topic(topic), b"{}", str(number).encode(), 0) for number in range(count)]


async def assert_halted(world: World, *, letters: int, place: int) -> None:
    """Check that there are so many dead letters, and that the group goes on from there."""
    await world.until_marked()
    assert len(await world.dead_letters()) == letters

    async def placed() -> bool:
        found = await world.place(0)
        return found is not None and found.offset == place

    # The coordinator's marker is another one.
    await eventually_async(placed)


@ORDERS
async def test_too_many_in_a_row_halt_and_each_restart_goes_on_from_there(make_world: MakeWorld, order: Order) -> None:
    world = await make_world(partitions=1, raw=False)
    await publish(world.outside, [*broken(world, 7), event(world, "good")])
    first = await world.start("one", EventEcho(), order=order, dead_letters_in_a_row=3).failure()
    assert isinstance(first, TooManyDeadLetters)
    assert (first.topic, first.offset, first.reason) == (world.topic(SOURCE), 3, "no_cloudevents_headers")
    await assert_halted(world, letters=3, place=3)
    again = await world.start("one", EventEcho(), order=order, dead_letters_in_a_row=3).failure()
    assert isinstance(again, TooManyDeadLetters)
    await assert_halted(world, letters=6, place=6)
    world.start("one", EventEcho(), order=order, dead_letters_in_a_row=3)
    assert await world.until_done() == Counter(["good"])
    assert [letter.key for letter in await world.dead_letters()] == [str(number).encode() for number in range(7)]


async def test_too_large_a_share_halts_and_a_higher_one_goes_on(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, raw=False)
    pairs = [(event(world, f"good-{number}"), bad) for number, bad in enumerate(broken(world, 8))]
    await publish(world.outside, [record for pair in pairs for record in pair])
    limit: dict[str, Any] = {"dead_letters_in_a_row": 2, "dead_letters_window": 10, "dead_letters_share": 0.3}
    failure = await world.start("one", EventEcho(), **limit).failure()
    assert isinstance(failure, TooManyDeadLetters)
    assert "HEADCHEF_DEAD_LETTERS_SHARE" in str(failure)
    await assert_halted(world, letters=3, place=7)
    world.start("one", EventEcho(), **(limit | {"dead_letters_share": 0.6}))
    assert await world.until_done() == Counter(f"good-{number}" for number in range(8))
    assert len(await world.dead_letters()) == 8


async def test_what_a_handler_calls_invalid_counts_too(make_world: MakeWorld) -> None:
    class Refusing(EventEcho):
        async def handle(self, delivery: Delivery, state: State) -> Outcome:
            raise InvalidEvent("made_up", "a.b", "no")

    world = await make_world(partitions=1, raw=False)
    await publish(world.outside, [event(world, f"job-{number}") for number in range(5)])
    failure = await world.start("one", Refusing(), dead_letters_in_a_row=2).failure()
    assert isinstance(failure, TooManyDeadLetters)
    assert (failure.offset, failure.reason) == (2, "made_up")
    mended = EventEcho()
    world.start("one", mended, dead_letters_in_a_row=2)
    assert await world.until_done() == Counter(["job-2", "job-3", "job-4"])


async def test_a_flood_of_refusals_at_a_public_topic_halts_nothing(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    await world.publish(*["bad"] * 30, "good")
    limit: dict[str, Any] = {"dead_letters_in_a_row": 1, "dead_letters_window": 10, "dead_letters_share": 0.1}
    world.start("one", Failing("bad", lambda: InvalidEvent("not_json", None, "no")), **limit)
    assert await world.until_done() == Counter(["good"])
    assert len(await world.dead_letters()) == 30


async def test_without_a_limit_all_are_dead_letters(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, raw=False, inputs=(SOURCE, SECOND))
    await publish(world.outside, [*broken(world, 20), *broken(world, 20, SECOND)])
    world.start("one", EventEcho(), dead_letters_in_a_row=0, dead_letters_share=0)
    assert not await world.until_done()
    assert (len(await world.dead_letters()), len(await world.dead_letters(SECOND))) == (20, 20)
