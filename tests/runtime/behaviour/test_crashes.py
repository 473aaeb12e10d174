"""A process dies, or the log's answer is lost, at any step: nothing is lost, and nobody sees a thing twice."""

from collections import defaultdict
from collections.abc import Sequence

import pytest

from headchef_contracts import cloudevents
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.errors import LogUnavailable
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.faults import crash_at, failing
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.tally import STORE, Tally, assert_exact
from tests.runtime.behaviour.world import SESSION_S, World
from tests.support.hooked_log import Moment

FIRST, SECOND = [f"a{number}" for number in range(8)], [f"b{number}" for number in range(8)]
TRANSACTION = ["producer.begin", "producer.send", "producer.send_offsets", "producer.commit"]
RECOVERY = [
    "log.partition_counts",
    "membership.join",
    "producer.start",
    "log.committed",
    "log.reader",
    "reader.bounds",
    "reader.assign",
    "reader.poll",
    "reader.close",
]
MOMENTS: Sequence[Moment] = ("before", "after")
AFTER_JOIN = ("after", "membership.join")
SMALL_BATCH = 4
"""Two outcomes of a `Tally` a transaction: several transactions for eight records."""


async def tallied(world: World, *values: str) -> None:
    """Let a process handle some records, and end it without a word."""
    await world.publish(*values)
    one = world.start("one", Tally())
    await world.until_done()
    await one.kill()


@pytest.mark.parametrize("step", TRANSACTION)
async def test_a_crash_around_each_step_of_the_first_transaction(make_world: MakeWorld, step: str) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*FIRST)
    for moment in MOMENTS:
        one = world.start("one", Tally(), commit_max_records=SMALL_BATCH)
        # If the birth was committed before the crash, this is the first transaction with outputs.
        await crash_at(one, moment, step)
    world.start("one", Tally())
    await world.until_done()
    await assert_exact(world, FIRST)


@pytest.mark.parametrize("step", [*TRANSACTION, "reader.poll"])
async def test_a_crash_around_each_step_of_the_loop(make_world: MakeWorld, step: str) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await tallied(world, *FIRST)
    await world.publish(*SECOND)
    for moment in MOMENTS:
        one = world.start("one", Tally(), commit_max_records=SMALL_BATCH)
        await crash_at(one, moment, step, skip=1)
    world.start("one", Tally())
    await world.until_done()
    await assert_exact(world, FIRST + SECOND)


@pytest.mark.parametrize("step", RECOVERY)
async def test_a_crash_around_each_step_of_recovery(make_world: MakeWorld, step: str) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await tallied(world, *FIRST)
    await world.publish(*SECOND)
    for moment in MOMENTS:
        await crash_at(world.start("one", Tally()), moment, step)
    world.start("one", Tally())
    await world.until_done()
    await assert_exact(world, FIRST + SECOND)


@pytest.mark.parametrize("step", ["producer.start", "producer.send_offsets", "producer.commit"])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_another_process_takes_over_when_the_session_of_a_dead_one_ends(
    make_world: MakeWorld, step: str, moment: Moment
) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*FIRST)
    one = world.start("one", Tally(), commit_max_records=SMALL_BATCH, session_timeout_s=SESSION_S)
    await crash_at(one, moment, step, skip=0 if step == "producer.start" else 2)
    world.start("two", Tally())
    await world.until_done()
    await assert_exact(world, FIRST)


@pytest.mark.parametrize("step", TRANSACTION)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_lost_answer_in_a_transaction_costs_no_call(make_world: MakeWorld, step: str, moment: Moment) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*FIRST)
    fault = failing(moment, step, LogUnavailable("the answer was lost"), skip=2, times=2)
    handler = Tally()
    world.start("one", handler, hook=fault, commit_max_records=SMALL_BATCH)
    await fault.until_met()
    await world.until_done()
    await assert_exact(world, FIRST)
    assert handler.calls == dict.fromkeys(FIRST, 1)


@pytest.mark.parametrize(
    ("moment", "step"),
    # A join that went through does not fail afterwards: the membership tries its parts again by itself.
    [(moment, step) for step in [*RECOVERY, *TRANSACTION] for moment in MOMENTS if (moment, step) != AFTER_JOIN],
)
async def test_a_lost_answer_at_the_start_is_asked_for_again(make_world: MakeWorld, step: str, moment: Moment) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*FIRST)
    fault = failing(moment, step, LogUnavailable("the answer was lost"))
    handler = Tally()
    one = world.start("one", handler, hook=fault)
    await fault.until_met()
    await world.until_done()
    await assert_exact(world, FIRST)
    assert handler.calls == dict.fromkeys(FIRST, 1)
    assert not one.ended


@pytest.mark.parametrize("step", ["producer.send", "membership.commit", "reader.poll"])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_at_least_once_a_crash_loses_nothing(make_world: MakeWorld, step: str, moment: Moment) -> None:
    world = await make_world(partitions=1)
    await world.publish(*FIRST)
    await crash_at(start_at_least_once(world, Echo()), moment, step, skip=3)
    start_at_least_once(world, Echo())
    assert set(await world.until_done()) == set(FIRST)
    await assert_duplicates_have_one_id(world)


@pytest.mark.parametrize("step", ["producer.send", "membership.commit"])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_at_least_once_a_lost_answer_loses_nothing(make_world: MakeWorld, step: str, moment: Moment) -> None:
    world = await make_world(partitions=1)
    await world.publish(*FIRST)
    fault = failing(moment, step, LogUnavailable("the answer was lost"), skip=3)
    handler = Echo()
    start_at_least_once(world, handler).log.hook = fault
    await fault.until_met()
    assert set(await world.until_done()) == set(FIRST)
    await assert_duplicates_have_one_id(world)
    assert handler.calls == dict.fromkeys(FIRST, 1)


def start_at_least_once(world: World, handler: Echo) -> Instance:
    """Start a process that writes two outcomes at a time."""
    return world.start("one", handler, processing_guarantee="at_least_once", commit_max_records=2)


async def assert_duplicates_have_one_id(world: World) -> None:
    """Check that a reader that drops event ids which it has seen gets each value once."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for record in await world.sink():
        attributes = cloudevents.from_headers(record.headers)
        assert attributes is not None
        ids[JobSubmitted.model_validate_json(record.value or b"").job_id].add(attributes.id)
    assert all(len(found) == 1 for found in ids.values())
    assert len({found.pop() for found in ids.values()}) == len(FIRST)
