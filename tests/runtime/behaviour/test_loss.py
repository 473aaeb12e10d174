"""What is no longer there is reported by name and never passed over; what never was there is no loss."""

import asyncio
import logging
from collections import Counter

import pytest

from headchef.runtime import counts, dispatch
from headchef.runtime.errors import LogRefused, OffsetLost, TopicMismatch
from headchef.runtime.log.port import Commit, Partition
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.world import SECOND, SOURCE, Order, World, six_handled
from tests.support.eventually import eventually
from tests.support.hooked_log import Moment
from tests.support.log_client import started_producer, values, write


async def expired(world: World) -> None:
    """Handle six records and leave; of ten more, the first four expire unread."""
    await six_handled(world)
    await world.publish(*map(str, range(6, 16)))
    await world.backend.delete_records(Partition(world.topic(SOURCE), 0), 10)


async def test_records_that_expired_unread_halt_and_are_named(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    await expired(world)
    handler = Echo()
    failure = await world.start("one", handler).failure()
    assert isinstance(failure, OffsetLost)
    assert "offsets 6 to 9 expired" in str(failure)
    assert not handler.calls
    assert await world.place(0) == Commit(6)


async def test_by_setting_it_names_them_and_goes_on(make_world: MakeWorld, caplog: pytest.LogCaptureFixture) -> None:
    world = await make_world(partitions=1)
    await expired(world)
    handler = Echo()
    with caplog.at_level(logging.ERROR):
        world.start("one", handler, after_loss="earliest")
        await world.until_done()
    assert "offsets 6 to 9 expired" in caplog.text
    assert handler.calls == Counter(map(str, range(10, 16)))
    assert await world.place(0) == Commit(16)
    [letter] = await world.dead_letters()
    headers = dict(letter.headers)
    assert (letter.partition, letter.key, letter.value) == (0, None, None)
    assert headers["kafka_original-topic"] == world.topic(SOURCE).encode()
    assert (headers["headchef-lost-first"], headers["headchef-lost-last"]) == (b"6", b"9")
    assert headers["headchef-reason"] == b"expired"


async def test_a_loss_is_written_down_once_though_the_process_is_killed(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    await expired(world)

    async def never(_: Moment, step: str) -> None:
        if step == "producer.commit":
            await asyncio.Event().wait()

    one = world.start("one", Echo(), after_loss="earliest")
    await eventually(lambda: 0 in one.tasks)
    one.log.hook = never
    await world.until_later(0.5)
    await one.kill()
    world.start("one", Echo(), after_loss="earliest")
    await world.until_done()
    assert len(await world.dead_letters()) == 1


@pytest.mark.parametrize("order", ["in_order", "batches", "concurrent"])
async def test_work_in_flight_before_a_loss_wider_than_the_finished_map_is_kept(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, order: Order
) -> None:
    monkeypatch.setattr(dispatch, "MAX_SPAN", 100)
    world = await make_world(partitions=1)
    await world.publish("slow")
    go = asyncio.Event()

    async def gate(value: str) -> None:
        if value == "slow":
            await go.wait()

    handler = Echo(gate)
    one = world.start("one", handler, order=order, after_loss="earliest", buffer_records=1)
    await eventually(lambda: handler.calls["slow"] == 1)
    wide = 150
    await world.publish(*map(str, range(wide)))
    await world.backend.delete_records(Partition(world.topic(SOURCE), 0), wide)
    go.set()
    assert await world.until_done() == Counter(["slow", str(wide - 1)])
    await one.stop()
    assert await world.place(0) == Commit(wide + 1)


async def test_what_expired_before_a_group_began_is_named(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = await make_world(partitions=1)
    await world.publish(*map(str, range(6)))
    await world.backend.delete_records(Partition(world.topic(SOURCE), 0), 4)
    with caplog.at_level(logging.ERROR):
        world.start("one", Echo())
        assert await world.until_done() == Counter(["4", "5"])
    assert f"{world.topic(SOURCE)}[0]: offsets 0 to 3 expired" in caplog.text


@pytest.mark.parametrize("after_loss", ["halt", "earliest"])
async def test_a_place_past_the_end_halts_in_any_case(make_world: MakeWorld, after_loss: str) -> None:
    world = await make_world(partitions=1)
    await world.publish(*map(str, range(6)))
    one = world.start("one", Echo())
    await world.until_done()
    await one.stop()
    async with started_producer(world.outside, world.backend.name("operator")) as operator:
        await operator.begin()
        by_hand = {Partition(world.topic(SOURCE), 0): Commit(100), Partition(world.names.births, 0): Commit(0)}
        await operator.send_offsets(world.names.group, by_hand)
        await operator.commit()
    handler = Echo()
    failure = await world.start("one", handler, after_loss=after_loss).failure()
    assert isinstance(failure, OffsetLost)
    assert "offset 100 is past the end" in str(failure)
    assert not handler.calls


@pytest.mark.parametrize("order", ["in_order", "batches", "concurrent"])
async def test_gaps_in_the_offsets_are_no_loss(make_world: MakeWorld, order: Order) -> None:
    world = await make_world(partitions=1)
    topic = world.topic(SOURCE)
    async with started_producer(world.outside, world.backend.name("upstream")) as upstream:
        for number in range(4):
            await upstream.begin()
            await write(upstream, values(topic, f"void {number}"))
            await upstream.abort()
            await upstream.begin()
            await write(upstream, values(topic, f"a{number}", f"b{number}"))
            await upstream.commit()
    wanted = Counter(f"{letter}{number}" for letter in "ab" for number in range(4))
    handler = Echo()
    one = world.start("one", handler, order=order)
    assert await world.until_done() == wanted
    # Each round takes one aborted record, its marker, two good ones and theirs.
    assert await world.place(0) == Commit(4 * 5 - 1)
    await one.stop()
    again = Echo()
    world.start("one", again, order=order)
    await world.publish("last")
    assert await world.until_done() == wanted + Counter(["last"])
    assert again.calls == Counter(["last"])


async def test_inputs_with_different_partition_counts_halt(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "_MISMATCH_S", 1.0)
    world = await make_world(partitions=2, inputs=(SOURCE, SECOND))
    await world.backend.grow_topic(world.topic(SECOND), 3)
    handler = Echo()
    failure = await world.start("one", handler).failure()
    assert isinstance(failure, TopicMismatch)
    assert f"'{world.topic(SOURCE)}': 2" in str(failure)
    assert f"'{world.topic(SECOND)}': 3" in str(failure)


async def test_a_difference_that_passes_is_waited_for(make_world: MakeWorld) -> None:
    world = await make_world(partitions=2, inputs=(SOURCE, SECOND))
    await world.backend.grow_topic(world.topic(SECOND), 3)
    await world.publish("a", "b")
    world.start("one", Echo())
    for topic in (world.topic(SOURCE), world.names.births):
        await world.backend.grow_topic(topic, 3)
    assert await world.until_done() == Counter(["a", "b"])


async def test_missing_topics_are_named_with_the_command_that_makes_them(make_world: MakeWorld) -> None:
    world = World((await make_world()).backend)
    failure = await world.start("one", Echo()).failure()
    assert isinstance(failure, LogRefused)
    assert world.topic(SOURCE) in str(failure)
    assert "headchef topics create" in str(failure)
