"""How old the oldest unfinished record is, wherever it lies: in a handler, unread, or with nobody there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from headchef.runtime.backlog import Backlog
from headchef.runtime.backlog_watch import BacklogWatch
from headchef.runtime.errors import LogRefused, LogUnavailable
from headchef.runtime.gauges import Gauges
from headchef.runtime.log.port import NewRecord, Partition
from headchef.runtime.processor import Processor
from headchef.runtime.settings import RuntimeSettings
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.world import SOURCE, Order, World
from tests.support.eventually import eventually
from tests.support.hooked_log import HookedLog, Moment
from tests.support.log_client import publish
from tests.support.recorded_metrics import RecordedMetrics

DAY_S = 86_400.0
LOOK_S = 0.1


class Gate:
    """Holds back the records whose values begin with a letter, until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def __call__(self, value: str) -> None:
        if value.startswith("held"):
            await self.opened.wait()


async def publish_aged(world: World, *ages_s: float, partition: int = 0, value: str = "held") -> list[float]:
    """Publish records that were stamped so long ago, and give their stamps in seconds of the epoch."""
    now_ms = int(world.clock.now().timestamp() * 1000)
    stamps_ms = [max(1, now_ms - int(age_s * 1000)) for age_s in ages_s]
    records = [
        NewRecord(world.topic(SOURCE), f"{value} {stamp}".encode(), partition=partition, timestamp_ms=stamp)
        for stamp in stamps_ms
    ]
    await publish(world.outside, records)
    return [stamp / 1000 for stamp in stamps_ms]


@asynccontextmanager
async def watching(world: World, log: HookedLog | None = None) -> AsyncIterator[Backlog]:
    """Watch the world's processor from outside, as the router does, and give the board."""
    board = Backlog({world.processor.name: [SOURCE]})
    outsider = Processor("router", (), Echo(), backlog=board)
    settings = RuntimeSettings(namespace=world.namespace, backlog_look_s=LOOK_S)
    watch = BacklogWatch(log or world.outside, outsider, settings, world.clock)
    looking = asyncio.ensure_future(watch.run())
    try:
        yield board
    finally:
        looking.cancel()
        await asyncio.wait([looking])
        await watch.close()


def since(board: Backlog) -> dict[int, float]:
    return {each.partition: each.since_s for each in board.oldest}


async def test_what_lies_where_nobody_ever_read_is_seen(make_world: MakeWorld) -> None:
    world = await make_world(partitions=2, retention_s=7 * DAY_S)
    [first, _] = await publish_aged(world, DAY_S, 60)
    [other] = await publish_aged(world, 100, partition=1)
    async with watching(world) as board:
        await eventually(lambda: since(board) == {0: first, 1: other})
        [oldest, _] = board.oldest
        assert (oldest.processor, oldest.topic, oldest.retention_s) == ("validator", SOURCE, 7 * DAY_S)
        assert oldest.used(first + 7 * DAY_S) == pytest.approx(1)


@pytest.mark.parametrize("order", ["in_order", "batches", "concurrent"])
async def test_it_is_the_record_at_the_place_whatever_finished_after_it(make_world: MakeWorld, order: Order) -> None:
    world = await make_world(partitions=1)
    gate = Gate()
    world.start("one", Echo(gate), order=order)
    await publish_aged(world, 90, value="free")
    await world.until_done()
    [held] = await publish_aged(world, 80)
    await publish_aged(world, 70, 60, value="free")
    async with watching(world) as board:
        await eventually(lambda: since(board) == {0: held})
        gate.opened.set()
        await world.until_done()
        await eventually(lambda: board.oldest == ())


async def test_a_process_shows_its_own_as_gauges(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, retention_s=7 * DAY_S)
    await publish_aged(world, DAY_S)
    one = world.start("one", Echo(Gate()), backlog_look_s=LOOK_S)
    metrics = RecordedMetrics()
    Gauges(one.engine, world.clock).register(metrics)
    [(age_s, place)] = await eventually(lambda: metrics.reading("headchef.unfinished.oldest_age"))
    [(used, _)] = metrics.reading("headchef.unfinished.retention_used")
    assert age_s == pytest.approx(DAY_S, abs=60)
    assert used == pytest.approx(1 / 7, abs=0.01)
    assert place == {"processor": "validator", "topic": SOURCE, "partition": "0"}


async def test_a_record_is_no_older_than_the_look_before_it_came(make_world: MakeWorld) -> None:
    world = await make_world(partitions=2)
    began_s = world.clock.now().timestamp()
    async with watching(world) as board:
        await publish_aged(world, DAY_S, partition=1)
        await eventually(lambda: 1 in since(board))  # so there has been a look, which saw nothing in the other
        await publish_aged(world, DAY_S)
        await eventually(lambda: 0 in since(board))
        assert since(board)[0] >= began_s


async def test_it_tells_falling_behind_from_catching_up(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    await publish_aged(world, 90, 80)
    await publish_aged(world, 10)

    def falling_behind(board: Backlog) -> list[bool]:
        return [each.falling_behind for each in board.oldest]

    async with watching(world) as board:
        await eventually(lambda: falling_behind(board) == [True])
        # For one look alone, which may be over when it is known that they were deleted.
        caught_up = asyncio.ensure_future(eventually(lambda: falling_behind(board) == [False]))
        await world.backend.delete_records(Partition(world.topic(SOURCE), 0), 2)
        await caught_up
        await eventually(lambda: falling_behind(board) == [True])


async def test_a_log_that_is_away_leaves_what_was_known(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    [first] = await publish_aged(world, 60)
    log = HookedLog(world.outside)
    failed = 0

    async def away(moment: Moment, step: str) -> None:
        nonlocal failed
        if moment == "before" and step != "reader.close":
            failed += 1
            raise LogUnavailable(step)

    async with watching(world, log) as board:
        await eventually(lambda: since(board) == {0: first})
        log.hook = away
        await eventually(lambda: failed)  # so whatever had been asked for before has been answered
        before = board.oldest
        await eventually(lambda: failed > 2)
        assert board.oldest is before
        assert since(board) == {0: first}


async def test_a_broker_that_does_not_tell_is_taken_to_keep_what_the_table_says(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    await publish_aged(world, 60)

    async def secret(_: Moment, step: str) -> None:
        if step == "log.retentions":
            raise LogRefused("not for you")

    async with watching(world, HookedLog(world.outside, secret)) as board:
        await eventually(lambda: [each.retention_s for each in board.oldest] == [7 * DAY_S])
