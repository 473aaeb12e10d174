"""Tenants take turns in a task, however far one stands behind the other in the log, and nothing is done twice by it."""

import asyncio
import logging
from collections import Counter

import pytest

from headchef.runtime.errors import OffsetLost
from headchef.runtime.log.port import Record
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo, Noting, named
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.world import SECOND, SESSION_S, SOURCE, Order, World
from tests.support.eventually import eventually

AT_HAND = 20
MANY, FEW = 600, 30


def tenant(record: Record) -> str:
    return (record.value or b"").decode().partition("-")[0]


async def read_ahead(*instances: Instance, count: int) -> None:
    """Wait until processes have read so many records."""

    def received() -> int:
        tasks = [task for each in instances for task in each.engine.tasks.values()]
        return sum(mark.received for task in tasks for mark in task.watermarks.values())

    await eventually(lambda: received() >= count)


@pytest.mark.parametrize("order", ["in_order", "concurrent"])
async def test_a_tenant_far_behind_another_waits_for_one_of_its_records_at_a_time(
    make_world: MakeWorld, order: Order
) -> None:
    world, handler = await make_world(partitions=1, flow=tenant), Noting()
    await world.publish(*named("a", MANY), *named("b", FEW))
    one = world.start("one", handler, order=order, concurrency=1, buffer_records=AT_HAND)
    await read_ahead(one, count=MANY + FEW)
    handler.gate.set()
    assert await world.until_done() == Counter([*named("a", MANY), *named("b", FEW)])
    last = max(place for place, value in enumerate(handler.order) if value.startswith("b"))
    assert last < 2 * FEW + AT_HAND
    for name, count in (("a", MANY), ("b", FEW)):
        assert [value for value in handler.order if value.startswith(name)] == named(name, count)


async def test_what_a_killed_process_had_done_out_of_its_order_is_not_done_again(make_world: MakeWorld) -> None:
    world, handler = await make_world(partitions=1, flow=tenant), Noting(stop_at=150)
    await world.publish(*named("a", MANY), *named("b", FEW), *named("c", FEW))
    one = world.start("one", handler, buffer_records=AT_HAND, session_timeout_s=SESSION_S)
    await read_ahead(one, count=MANY + 2 * FEW)
    handler.gate.set()
    await world.until_out(150)
    await one.kill()
    again = Noting()
    again.gate.set()
    world.start("two", again, buffer_records=AT_HAND)
    everything = Counter([*named("a", MANY), *named("b", FEW), *named("c", FEW)])
    assert await world.until_done() == everything
    assert Counter(handler.order[:150]) + again.calls == everything
    assert set(again.order) & set(named("b", FEW)) == set(), "it was done before all of a"


async def test_what_had_finished_among_what_is_noted_is_not_done_again(make_world: MakeWorld) -> None:
    world, values = await make_world(partitions=1, flow=tenant), named("a", 40)
    for_ever = asyncio.Event()

    async def every_other(value: str) -> None:
        if int(value.partition("-")[2]) % 2 == 0:
            await for_ever.wait()

    before = world.start("one", Echo(every_other), order="concurrent", session_timeout_s=SESSION_S)
    await world.publish(*values)
    assert await world.until_out(20) == Counter(values[1::2])
    await before.kill()
    again = Noting()
    one = world.start("two", again, buffer_records=2)
    await read_ahead(one, count=40)
    again.gate.set()
    assert await world.until_done() == Counter(values)
    assert again.order == values[::2]


async def test_tenants_of_two_inputs_of_a_class_are_the_same_tenants(make_world: MakeWorld) -> None:
    world, handler = await make_world(partitions=1, inputs=(SOURCE, SECOND), flow=tenant), Noting()
    await world.publish(*named("a", 200), topic=SOURCE)
    await world.publish(*named("a-x", 50), "b-0", topic=SECOND)
    one = world.start("one", handler, buffer_records=AT_HAND)
    await read_ahead(one, count=200 + 51)
    handler.gate.set()
    assert await world.until_done() == Counter([*named("a", 200), *named("a-x", 50), "b-0"])
    assert handler.order.index("b-0") <= AT_HAND


async def noted_and_expired(world: World, one: Instance) -> None:
    """Of a tenant's records that are only noted, some expire."""
    await read_ahead(one, count=MANY + FEW)
    await world.backend.delete_records(world.source(0), MANY // 2)


async def test_noted_records_that_expire_halt_and_are_named(make_world: MakeWorld) -> None:
    world, handler = await make_world(partitions=1, flow=tenant), Noting()
    await world.publish(*named("a", MANY), *named("b", FEW))
    one = world.start("one", handler, buffer_records=AT_HAND)
    await noted_and_expired(world, one)
    handler.gate.set()
    failure = await one.failure()
    assert isinstance(failure, OffsetLost)
    assert f"to {MANY // 2 - 1} expired" in str(failure)
    assert len(handler.calls) < MANY // 2


async def test_by_setting_they_are_named_and_all_others_handled(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world, handler = await make_world(partitions=1, flow=tenant), Noting()
    await world.publish(*named("a", MANY), *named("b", FEW))
    one = world.start("one", handler, buffer_records=AT_HAND, after_loss="earliest")
    await noted_and_expired(world, one)
    handler.gate.set()
    with caplog.at_level(logging.ERROR):
        done = await world.until_done()
    [letter] = await world.dead_letters()
    headers = dict(letter.headers)
    first, last = (int(headers[f"headchef-lost-{end}"] or b"") for end in ("first", "last"))
    assert last == MANY // 2 - 1
    assert f"offsets {first} to {last} expired" in caplog.text
    lost = {f"a-{number}" for number in range(first, last + 1)}
    assert done == Counter([*named("a", MANY), *named("b", FEW)]) - Counter(lost)


async def test_a_task_that_moves_is_read_ahead_anew(make_world: MakeWorld) -> None:
    world = await make_world(partitions=2, flow=tenant)
    first, second = Noting(), Noting()
    everything = [*named("a", MANY), *named("b", FEW)]
    one = world.start("one", first, buffer_records=AT_HAND)
    await world.publish(*everything)

    await read_ahead(one, count=len(everything))
    two = world.start("two", second, buffer_records=AT_HAND)
    first.gate.set()
    second.gate.set()
    await eventually(lambda: len(one.tasks) == len(two.tasks) == 1)
    assert await world.until_done() == Counter(everything)
    assert first.calls + second.calls == Counter(everything)
