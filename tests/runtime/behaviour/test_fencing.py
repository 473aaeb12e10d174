"""Whoever starts a task's producer last owns it: all others are fenced, lose nothing, and work goes on."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Commit, Partition
from headchef.runtime.processor import Delivery, Outcome, State
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import SINK, Echo
from tests.runtime.behaviour.faults import Hold
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.tally import STORE, Tally, assert_exact
from tests.runtime.behaviour.world import SESSION_S, SOURCE, World
from tests.support.eventually import eventually, eventually_async
from tests.support.hooked_log import Moment
from tests.support.log_client import started_producer
from tests.support.virtual_time import VirtualTimeLoop

FIRST, SECOND = [f"a{number}" for number in range(8)], [f"b{number}" for number in range(8)]
TRANSACTION_TIMEOUT_S = 4.0
"""Also how long a producer waits for an answer: on a busy machine one may take more than a second."""


async def progress(world: World) -> None:
    """See that work goes on, exactly once, after what has happened."""
    await world.publish(*SECOND)
    await world.until_done()
    await assert_exact(world, FIRST + SECOND)


@pytest.mark.parametrize("step", ["producer.begin", "producer.send", "producer.send_offsets", "producer.commit"])
async def test_a_second_owner_fences_the_first_which_recovers(make_world: MakeWorld, step: str) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*FIRST)
    hold = Hold("before", step, skip=2)
    one = world.start("one", Tally(), hook=hold, commit_max_records=4)
    await hold.until_met()
    fenced = one.engine.tasks[0]
    async with started_producer(world.outside, world.names.transactional_id(0)):
        hold.released.set()
        await eventually(lambda: one.engine.tasks.get(0) is not fenced)
    await world.until_done()
    await assert_exact(world, FIRST)
    await progress(world)
    assert not one.ended


async def test_an_idle_task_learns_of_its_fencing_with_its_next_record(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*FIRST)
    one = world.start("one", Tally())
    await world.until_done()
    async with started_producer(world.outside, world.names.transactional_id(0)):
        pass
    await progress(world)
    assert not one.ended


@pytest.mark.parametrize("step", ["producer.send_offsets", "producer.commit"])
async def test_a_transaction_that_takes_too_long_is_made_again(make_world: MakeWorld, step: str) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*FIRST)
    hold = Hold("before", step, skip=1)
    one = world.start("one", Tally(), hook=hold, transaction_timeout_s=TRANSACTION_TIMEOUT_S)
    await hold.until_met()
    await until_aborted(world)
    hold.released.set()
    await world.until_done()
    await assert_exact(world, FIRST)
    await progress(world)
    assert not one.ended


@pytest.mark.parametrize("step", ["producer.send", "producer.send_offsets", "producer.commit"])
async def test_a_late_zombie_writes_nothing(make_world: MakeWorld, step: str) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*FIRST)
    hold = Hold("before", step, skip=2)
    zombie = world.start("zombie", Tally(), hook=hold, commit_max_records=4, session_timeout_s=SESSION_S)
    await hold.until_met()
    (membership,) = zombie.log.memberships
    await membership.close()
    heir = world.start("heir", Tally())
    await world.until_done()
    await assert_exact(world, FIRST)
    hold.released.set()
    await eventually(lambda: not zombie.tasks)
    await progress(world)
    assert heir.tasks == {0}


@pytest.mark.parametrize(("moment", "committed"), [("before", True), ("after", False)])
async def test_an_heir_reads_the_places_after_the_former_owner_can_move_them_no_more(
    make_world: MakeWorld, moment: Moment, committed: bool
) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*FIRST)
    former_holds, heir_holds = Hold("before", "producer.commit", skip=1), Hold(moment, "producer.start")
    former = world.start("former", Tally(), hook=former_holds, commit_max_records=4, session_timeout_s=SESSION_S)
    await former_holds.until_met()
    (membership,) = former.log.memberships
    await membership.close()
    world.start("heir", Tally(), hook=heir_holds)
    await heir_holds.until_met()
    former_holds.released.set()
    if committed:
        await world.until_out(1)
    else:
        await eventually(lambda: not former.tasks)
        assert not await world.outputs()
    heir_holds.released.set()
    await world.until_done()
    await assert_exact(world, FIRST)
    await progress(world)


@pytest.mark.parametrize("guarantee", ["exactly_once", "at_least_once"])
async def test_a_task_that_another_member_owns_by_now_ends_without_a_commit(
    make_world: MakeWorld, guarantee: str
) -> None:
    world = await make_world(partitions=1)
    gate = asyncio.Event()

    async def wait(value: str) -> None:
        if value == "slow":
            await gate.wait()

    one = world.start("one", Echo(wait), order="concurrent", processing_guarantee=guarantee)
    await world.publish("quick", "slow")
    await world.until_out(1)

    async def written() -> bool:
        # At least once it comes after the output.
        return await world.place(0) == Commit(1)

    await eventually_async(written)
    lost = one.engine.tasks[0]
    one.engine.lose(0)
    await eventually(lambda: one.engine.tasks.get(0) is not lost)
    assert await written()
    gate.set()
    assert set(await world.until_done()) == {"quick", "slow"}


@pytest.mark.asyncio(loop_factories=["memory"])
async def test_at_least_once_a_former_owner_that_comes_back_moves_no_place(make_world: MakeWorld) -> None:
    world = await make_world(partitions=2, session_s=SESSION_S)
    gate = asyncio.Event()

    async def wait(value: str) -> None:
        if not any(instance.tasks == {0, 1} for instance in world.instances):
            await gate.wait()

    both = [world.start(name, Echo(wait), processing_guarantee="at_least_once") for name in ("one", "two")]
    await eventually(lambda: all(each.engine.ready() is None and len(each.tasks) == 1 for each in both))
    former = next(each for each in both if each.tasks == {0})
    await world.publish("a", partition=0)
    process = former.log.inner
    assert isinstance(process, MemoryLog)
    await eventually(lambda: former.engine.tasks[0].watermarks[Partition(world.topic(SOURCE), 0)].received == 1)
    process.freeze()
    await world.publish("b", "c", partition=0)
    await world.until_done()
    joins = former.log.joins_ended
    process.thaw()
    await eventually(lambda: former.log.joins_ended > joins)
    gate.set()
    await eventually(lambda: 0 not in former.tasks)
    assert await world.place(0) == Commit(3), "its place is that of the new owner"


class Paying(Echo):
    """Asks for leave before each call, as an executor does, and notes how many shares it had been given by then.

    Args:
        gate: awaited before leave is asked for.
    """

    def __init__(self, gate: Callable[[str], Awaitable[None]]) -> None:
        super().__init__(gate)
        self.instance: Instance | None = None
        self.paid: dict[str, int] = {}

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        outcome = await super().handle(delivery, state)
        assert self.instance is not None
        await self.instance.guard.wait()
        self.paid[(delivery.record.value or b"").decode()] = self.instance.log.joins_ended
        return outcome


async def test_a_process_that_stood_still_starts_no_call_before_it_has_rejoined(make_world: MakeWorld) -> None:
    # A busy machine's own standstill is no freeze to it, nor does one more end the session.
    session_s = 5 * SESSION_S
    world = await make_world(partitions=2, session_s=session_s)
    gate = asyncio.Event()

    async def wait(value: str) -> None:
        if value != "early":
            await gate.wait()

    handler = Paying(wait)
    handler.instance = one = world.start("one", handler, order="concurrent")
    await world.publish("early")
    await world.until_out(1)
    await world.publish(*FIRST)
    await eventually(lambda: len(handler.calls) == 1 + len(FIRST))
    before = one.log.joins_ended
    stand_still(session_s * 0.6)
    gate.set()
    await world.until_done()
    assert one.guard.freezes == 1
    assert all(handler.paid[value] > before for value in FIRST)
    assert sum(handler.calls.values()) == 1 + len(FIRST)


async def test_a_process_that_stood_still_for_longer_than_its_session_pays_for_nothing_that_it_lost(
    make_world: MakeWorld,
) -> None:
    world = await make_world(partitions=2, session_s=SESSION_S)
    gate = asyncio.Event()

    async def wait(value: str) -> None:
        await gate.wait()

    handler = Paying(wait)
    handler.instance = one = world.start("one", handler, order="concurrent")
    await world.publish(*FIRST)
    await eventually(lambda: len(handler.calls) == len(FIRST))
    before = one.log.joins_ended
    stand_still(SESSION_S * 1.5)
    gate.set()
    await world.until_done()
    assert all(shares > before for shares in handler.paid.values())
    assert set(await world.until_out(len(FIRST))) == set(FIRST)


def stand_still(seconds: float) -> None:
    """Have time pass in which nothing of this process runs, as after SIGSTOP and SIGCONT."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualTimeLoop):
        loop.jump(seconds)
    else:
        time.sleep(seconds)


async def until_aborted(world: World) -> None:
    """Wait until the log has given up the transaction that holds back readers of the sink."""
    partition = Partition(world.topic(SINK), 0)
    written = await world.backend.read_all(partition.topic)
    reader = await world.outside.reader("observer")

    async def aborted() -> bool:
        # One more than the last record: its marker.
        return (await reader.bounds([partition]))[partition][1] > written[-1].offset + 1

    await eventually_async(aborted)
    await reader.close()
