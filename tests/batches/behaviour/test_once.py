"""Whatever happens to processes and topics, a batch that has ended is told of once, with the right counts."""

from collections.abc import Sequence

import pytest

from headchef_contracts.events.batches import BatchFinished

from tests.batches.behaviour.world import BatchWorld, endings
from tests.batches.builders import make_finished
from tests.runtime.behaviour.faults import Fault, crash_at
from tests.runtime.behaviour.instance import Instance
from tests.support.eventually import eventually_async
from tests.support.hooked_log import Moment

SIZES = {"spring": 12, "autumn": 7, "winter": 1}
STEPS = ["producer.begin", "producer.send", "producer.send_offsets", "producer.commit"]
MOMENTS: Sequence[Moment] = ("before", "after")
SMALL = 3
"""Outcomes a transaction, so that a batch is counted in several."""


async def tell_all(world: BatchWorld) -> None:
    await world.tell(*(each for batch, size in SIZES.items() for each in endings(batch, size)))


def assert_right(events: Sequence[BatchFinished]) -> None:
    assert sorted(event.batch_id for event in events) == sorted(SIZES)
    for event in events:
        refused = sum(number % 4 == 3 for number in range(SIZES[event.batch_id]))
        assert (event.batch_size, event.counts.total) == (SIZES[event.batch_id],) * 2
        assert (event.counts.refused, event.counts.bad) == (refused, refused)
        assert event.cost_usd * 4 == event.counts.ok


async def test_each_batch_is_told_of_once(world: BatchWorld) -> None:
    await tell_all(world)
    world.begin("one")
    assert_right([event for _, event in await world.until_told(len(SIZES))])


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_around_each_step_of_a_transaction(world: BatchWorld, step: str) -> None:
    await tell_all(world)
    for skip, moment in enumerate(MOMENTS, start=2):
        await crash_at(world.begin("one", commit_max_records=SMALL), moment, step, skip=skip)
    world.begin("one")
    assert_right([event for _, event in await world.until_told(len(SIZES))])


async def crashed_before_all_was_told(world: BatchWorld, one: Instance, step: str, skip: int) -> bool:
    """End a process at a step, or when it has done all without coming to that: how much it commits at once varies."""

    async def die() -> None:
        one.log.die()

    one.log.hook = crash = Fault("before", step, die, skip=skip)

    async def all_told() -> bool:
        return len(await world.told()) >= len(SIZES)

    async def over() -> bool:
        return crash.met.is_set() or await all_told()

    await eventually_async(over)
    await one.kill()
    return not await all_told()


@pytest.mark.parametrize("step", ["producer.send", "membership.commit"])
async def test_at_least_once_a_crash_repeats_an_event_and_never_a_count(world: BatchWorld, step: str) -> None:
    await tell_all(world)
    for skip in range(2, 9):
        one = world.begin("one", commit_max_records=SMALL, processing_guarantee="at_least_once")
        if not await crashed_before_all_was_told(world, one, step, skip):
            break
    world.begin("one", processing_guarantee="at_least_once")
    told = await world.until_told(len(SIZES))
    assert_right(list(dict(told).values()))


async def test_a_process_that_is_killed_while_another_takes_over(world: BatchWorld) -> None:
    one, _ = world.begin("one"), world.begin("two")
    await world.tell(*endings("spring", 12)[:5])
    await world.until_done()
    await one.kill()
    await tell_all(world)
    assert_right([event for _, event in await world.until_told(len(SIZES))])


async def test_topics_may_grow_while_batches_are_open(world: BatchWorld) -> None:
    world.begin("one")
    for batch, size in SIZES.items():
        await world.tell(*endings(batch, size)[: size // 2])
    await world.until_done()
    for topic in (*world.names.topics, world.topic("batches.finished")):
        await world.backend.grow_topic(topic, 2 * world.partitions)
    for batch, size in SIZES.items():
        await world.tell(*endings(batch, size)[size // 2 :])
    assert_right([event for _, event in await world.until_told(len(SIZES))])


async def test_jobs_without_a_batch_are_read_and_nothing_is_written(world: BatchWorld) -> None:
    await world.tell(*(make_finished(f"job-{number}", batch_id=None) for number in range(20)))
    world.begin("one")
    await world.until_done()
    assert await world.backend.read_committed(world.topic("batches.counted")) == []
    for store in ("members", "accounts", "timers"):
        assert await world.backend.read_committed(world.names.changelogs[store]) == []
