"""In order, in batches or concurrently: nothing is passed over, and what had finished is not handled again."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from headchef.runtime import dispatch, finished
from headchef.runtime.errors import PlaceUnknown
from headchef.runtime.log.port import Commit, Partition
from headchef.runtime.processor import Delivery, Outcome, State
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo, echoed
from tests.runtime.behaviour.world import SOURCE, World
from tests.support.eventually import eventually, eventually_async

SPAN = 2_000


class Gate:
    """Holds back the calls with some values until the test opens it."""

    def __init__(self, *held: str) -> None:
        self.held = set(held)
        self.opened = asyncio.Event()

    async def __call__(self, value: str) -> None:
        if value in self.held:
            await self.opened.wait()


class EchoInBatches:
    """The echo for batches, which remembers how many records each had."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def handle_batch(self, deliveries: Sequence[Delivery], state: State) -> Sequence[Outcome]:
        self.sizes.append(len(deliveries))
        return [echoed(each, (each.record.value or b"").decode()) for each in deliveries]


async def test_records_of_a_key_come_out_in_their_order(make_world: MakeWorld) -> None:
    world = await make_world()
    for key in ("a", "b", "c"):
        await world.publish(*(f"{key}{number}" for number in range(40)), key=key)
    world.start("one", Echo())
    await world.until_out(120)
    out = await world.outputs()
    for key in ("a", "b", "c"):
        assert [value for value in out if value.startswith(key)] == [f"{key}{number}" for number in range(40)]


async def test_batches_keep_the_order_and_are_batches(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    await world.publish(*map(str, range(200)))
    handler = EchoInBatches()
    world.start("one", handler, order="batches")
    await world.until_out(200)
    assert await world.outputs() == [str(number) for number in range(200)]
    assert len(handler.sizes) < 100


async def test_what_finished_above_the_watermark_is_visible_at_once_and_not_handled_again(
    make_world: MakeWorld,
) -> None:
    world = await make_world(partitions=1)
    await world.publish(*map(str, range(10)))
    gate = Gate("0", "4")
    before = world.start("one", Echo(gate), order="concurrent")
    assert await world.until_out(8) == Counter({str(number): 1 for number in range(10) if number not in (0, 4)})
    place = await place_of(world, lambda commit: commit.metadata != "")
    assert place.offset == 0
    assert finished.decode(0, place.metadata) == 0b111110111
    await before.kill()
    again = Echo()
    world.start("one", again, order="concurrent")
    assert await world.until_out(10) == Counter(map(str, range(10)))
    assert again.calls == Counter({"0": 1, "4": 1})


async def test_dispatch_stops_before_the_finished_map_grows_too_large(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "MAX_SPAN", SPAN)
    world = await make_world(partitions=1)
    count = SPAN + 500
    for first in range(0, count, 1000):
        await world.publish(*map(str, range(first, min(count, first + 1000))))
    gate = Gate("0")
    handler = Echo(gate)
    one = world.start("one", handler, order="concurrent", concurrency=500, buffer_records=2_000)
    await eventually(lambda: len(handler.calls) == SPAN)
    watermark = next(iter(one.engine.tasks[0].watermarks.values()))
    await eventually(lambda: watermark.next_commit == 0 and watermark.after(()) == (0, 2 ** (SPAN - 1) - 1))
    assert len(handler.calls) == SPAN, "one more would not fit beside the watermark"
    gate.opened.set()
    await eventually(lambda: watermark.next_commit == count)
    assert sum(handler.calls.values()) == count


async def test_a_damaged_finished_map_halts_where_results_are_visible(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    await started_and_stopped(world)
    await put_place(world, Commit(3, "not a map"))
    handler = Echo()
    failure = await world.start("one", handler).failure()
    assert isinstance(failure, PlaceUnknown)
    assert "offset 3" in str(failure)
    assert not handler.calls


async def test_at_least_once_falls_back_to_the_watermark(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    await started_and_stopped(world)
    await put_place(world, Commit(3, "not a map"))
    handler = Echo()
    world.start("one", handler, processing_guarantee="at_least_once")
    await eventually(lambda: set(handler.calls) == {"3", "4", "5"})


async def started_and_stopped(world: World) -> None:
    """Handle six records and leave."""
    await world.publish(*map(str, range(6)))
    one = world.start("one", Echo())
    await world.until_out(6)
    await one.stop()


async def put_place(world: World, commit: Commit) -> None:
    """Set the group's place in the first partition, as an operator or a fault would."""
    producer = world.outside.producer("operator", world.backend.name("operator"))
    await producer.start()
    await producer.begin()
    by_hand = {Partition(world.topic(SOURCE), 0): commit, Partition(world.names.births, 0): Commit(0)}
    await producer.send_offsets(world.names.group, by_hand)
    await producer.commit()
    await producer.close()


async def place_of(world: World, wanted: Callable[[Commit], bool]) -> Commit:
    """Wait for a place of the first partition that is as wanted."""

    async def look() -> Commit | None:
        found = await world.place(0)
        return found if found is not None and wanted(found) else None

    found = await eventually_async(look)
    assert found is not None
    return found
