"""Whatever happens to processes and topics, a pool counts each observation once, and its bound holds on."""

from collections.abc import Sequence
from typing import Any

import pytest

from headchef_contracts.events.bounds import CacheObserved, Counts

from tests.accounts.behaviour.world import AccountsWorld
from tests.accounts.pools.builders import make_observed
from tests.runtime.behaviour.faults import crash_at
from tests.support.hooked_log import Moment

POOLS = ("help", "shop", "press", "jobs")
LABELS = 40
"""Of each pool: enough for it to say a bound."""

STEPS = ["producer.begin", "producer.send", "producer.send_offsets", "producer.commit"]
MOMENTS: Sequence[Moment] = ("before", "after")
SMALL = 7
"""Records a transaction, so that a pool comes in several."""


def observed(first: int = 0, labels: int = LABELS) -> list[CacheObserved]:
    """Give the same number of labels of each pool, in turn."""
    numbers = range(first, first + labels)
    return [make_observed(job_id=f"job-{number}", pool=pool) for number in numbers for pool in POOLS]


async def assert_counted(world: AccountsWorld, labels: int) -> None:
    """Check that each pool has so many labels, and has said bounds one after the other."""
    pools, said = await world.pools(), await world.said()
    assert {account: each.counts for account, each in pools.items()} == {
        f"acme/{pool}/hashed-1%2F512": Counts(labels=labels) for pool in POOLS
    }
    assert all(each.observed == labels for each in pools.values())
    for account, pool in pools.items():
        numbers = [each.number for each in said if each.account == account]
        assert numbers == list(range(1, pool.number + 1)), "each bound is said once"
        assert pool.number > 0


async def test_pools_count_and_say_bounds(world: AccountsWorld) -> None:
    world.begin("one")
    await world.tell(observed())
    await world.until_done()
    await assert_counted(world, LABELS)


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_around_each_step_of_a_transaction(world: AccountsWorld, step: str) -> None:
    await world.tell(observed())
    for skip, moment in enumerate(MOMENTS):
        await crash_at(world.begin("one", commit_max_records=SMALL), moment, step, skip=skip)
    world.begin("one")
    await world.until_done()
    await assert_counted(world, LABELS)


async def test_who_is_killed_is_followed_by_others_who_know_what_was_learnt(world: AccountsWorld) -> None:
    one = world.begin("one")
    await world.tell(observed())
    await world.until_done()
    await one.kill()
    two, _ = world.begin("two"), world.begin("three")
    await world.tell(observed(LABELS))
    await world.until_done()
    await assert_counted(world, 2 * LABELS)
    await two.stop()
    await world.tell(observed(2 * LABELS, 5))
    await world.until_done()
    await assert_counted(world, 2 * LABELS + 5)


async def test_topics_may_grow(world: AccountsWorld) -> None:
    world.begin("one")
    await world.tell(observed())
    await world.until_done()
    for topic in world.names.topics:
        await world.backend.grow_topic(topic, 2 * world.partitions)
    await world.tell(observed(LABELS))
    await world.until_done()
    await assert_counted(world, 2 * LABELS)


@pytest.mark.parametrize("step", ["producer.send", "membership.commit"])
async def test_at_least_once_what_comes_again_is_not_counted_again(world: AccountsWorld, step: str) -> None:
    once: dict[str, Any] = {"processing_guarantee": "at_least_once"}
    await world.tell(observed())
    for skip in (0, 2):
        await crash_at(world.begin("one", commit_max_records=SMALL, **once), "before", step, skip=skip)
    world.begin("one", **once)
    await world.until_done()
    await world.tell(observed(LABELS - 10, 10))
    await world.until_done()
    pools = await world.pools()
    assert {each.counts.labels for each in pools.values()} == {LABELS}
