"""Whatever happens to processes, topics and the store, an answer that was found wrong is served no more."""

from collections.abc import Sequence

import pytest

from tests.cache.behaviour.world import CacheWorld, kinds
from tests.cache.builders import make_planned, make_settled
from tests.cache.corrected import make_corrected
from tests.cache.memory_store import MemoryAnswerStore
from tests.runtime.behaviour.faults import crash_at
from tests.support.hooked_log import Moment

QUESTIONS = [f"Question {number}?" for number in range(12)]
STEPS = ["producer.begin", "producer.send", "producer.send_offsets", "producer.commit"]
MOMENTS: Sequence[Moment] = ("before", "after")
SMALL = 3
"""Records a transaction, so that what is said comes in several."""


async def asked(world: CacheWorld, by: str) -> dict[str, list[str]]:
    """Ask all questions, and give what came of them."""
    before = len(kinds(await world.came()))
    await world.tell(*(make_planned(each, job_id=f"{by} {each}") for each in QUESTIONS))
    came = kinds(await world.until_gone_on(before + len(QUESTIONS)))
    return {job: ways for job, ways in came.items() if job.startswith(by)}


async def answered(world: CacheWorld) -> None:
    """Let all questions have answers that serve."""
    await world.tell(*map(make_settled, QUESTIONS))
    await world.until_done()
    assert all(ways == ["exact"] for ways in (await asked(world, "first")).values())


def assert_asked_anew(came: dict[str, list[str]]) -> None:
    assert len(came) == len(QUESTIONS)
    assert all(set(ways) == {"sent"} for ways in came.values())


async def corrected(world: CacheWorld) -> None:
    await world.tell(*map(make_corrected, QUESTIONS))
    await world.until_done()


async def test_it_is_served_no_more(world: CacheWorld) -> None:
    world.begin("one")
    await answered(world)
    await corrected(world)
    assert_asked_anew(await asked(world, "second"))


async def test_it_does_not_come_back_to_who_starts_again_with_another_store(world: CacheWorld) -> None:
    one = world.begin("one")
    await answered(world)
    await corrected(world)
    await one.kill()
    # The store is lost, and the same verdicts come again.
    world.store = MemoryAnswerStore()
    world.begin("one")
    await world.tell(*map(make_settled, QUESTIONS))
    await world.until_done()
    assert_asked_anew(await asked(world, "second"))


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_around_each_step_of_a_transaction(world: CacheWorld, step: str) -> None:
    one = world.begin("one")
    await answered(world)
    await one.kill()
    await world.tell(*map(make_corrected, QUESTIONS))
    for skip, moment in enumerate(MOMENTS, start=1):
        await crash_at(world.begin("one", commit_max_records=SMALL), moment, step, skip=skip)
    world.begin("one")
    await world.until_done()
    assert_asked_anew(await asked(world, "second"))


async def test_who_takes_a_task_over_has_heard_of_it(world: CacheWorld) -> None:
    one, _ = world.begin("one"), world.begin("two")
    await answered(world)
    await corrected(world)
    await one.kill()
    assert_asked_anew(await asked(world, "second"))


async def test_topics_may_grow_afterwards(world: CacheWorld) -> None:
    world.begin("one")
    await answered(world)
    await corrected(world)
    for topic in world.names.topics:
        await world.backend.grow_topic(topic, 2 * world.partitions)
    assert_asked_anew(await asked(world, "second"))
