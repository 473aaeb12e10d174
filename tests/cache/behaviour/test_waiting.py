"""Whatever happens to processes and topics, who waits for the answer to the same question goes on once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from headchef_contracts.events.steps import StepPlanned

from tests.cache.behaviour.world import CacheWorld, Came, kinds
from tests.cache.builders import make_planned, make_settled
from tests.runtime.behaviour.fast_clock import FastClock
from tests.runtime.behaviour.faults import crash_at
from tests.support.braking import make_brake
from tests.support.hooked_log import Moment
from tests.support.manual_clock import START

CROWD = [f"crowd-{number}" for number in range(12)]
STEPS = ["producer.begin", "producer.send", "producer.send_offsets", "producer.commit"]
MOMENTS: Sequence[Moment] = ("before", "after")
SMALL = 3
"""Records a transaction, so that a crowd comes in several."""


def crowd(*jobs: str, **about: Any) -> list[StepPlanned]:
    return [make_planned("What all ask.", job_id=job, **about) for job in jobs]


def answer(job: str = CROWD[0], **about: Any) -> Any:
    return make_settled("What all ask.", job_id=job, **about)


async def waiting(world: CacheWorld) -> None:
    """Wait until all of the crowd but one wait."""
    await world.tell(*crowd(*CROWD))
    await world.until_done()
    assert kinds(await world.came()) == {CROWD[0]: ["sent"]}


def assert_one_call(came: Sequence[Came]) -> None:
    assert kinds(came) == {CROWD[0]: ["sent"]} | {job: ["coalesced"] for job in CROWD[1:]}


async def entries(world: CacheWorld) -> dict[bytes | None, bytes | None]:
    """Give what the state of all tasks holds, by the changelogs."""
    names = (world.names.changelogs["waiting"], world.names.changelogs["timers"])
    newest = {each.key: each.value for name in names for each in await world.backend.read_committed(name)}
    return {key: value for key, value in newest.items() if value is not None}


async def test_one_of_a_crowd_is_asked_and_all_get_its_answer(world: CacheWorld) -> None:
    world.begin("one")
    await waiting(world)
    await world.tell(answer())
    assert_one_call(await world.until_gone_on(len(CROWD)))
    assert await entries(world) == {}


async def test_who_waits_holds_no_place_and_nobody_up(world: CacheWorld) -> None:
    world.begin("one")
    await waiting(world)
    others = [make_planned(f"Other {number}.", job_id=f"other-{number}") for number in range(20)]
    await world.tell(*others)
    came = kinds(await world.until_gone_on(1 + len(others)))
    assert all(came[each.step.job.job_id] == ["sent"] for each in others)


async def test_who_is_alone_leaves_no_state(world: CacheWorld) -> None:
    world.begin("one")
    names = [f"other-{number}" for number in range(20)]
    await world.tell(*(make_planned(name, job_id=name) for name in names))
    await world.until_gone_on(len(names))
    await world.tell(*(make_settled(name, job_id=name) for name in names))
    await world.until_done()
    for store in ("waiting", "timers"):
        assert await world.backend.read_committed(world.names.changelogs[store]) == []


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_around_each_step_of_a_transaction(world: CacheWorld, step: str) -> None:
    await world.tell(*crowd(*CROWD))
    for skip, moment in enumerate(MOMENTS):
        await crash_at(world.begin("one", commit_max_records=SMALL), moment, step, skip=skip)
    world.begin("one")
    await world.until_done()
    sent = [each.job for each in await world.came()]
    await world.tell(answer(sent[0]))
    came = kinds(await world.until_gone_on(len(CROWD)))
    assert {job: len(found) for job, found in came.items()} == dict.fromkeys(CROWD, 1)
    # What was being asked is forgotten in a crash where nobody waited for it yet.
    assert 1 <= sum(found == ["sent"] for found in came.values()) <= 1 + len(MOMENTS)


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_while_the_answer_is_given_out(world: CacheWorld, step: str) -> None:
    one = world.begin("one")
    await waiting(world)
    await one.stop()
    await world.tell(answer())
    for moment in MOMENTS:
        await crash_at(world.begin("one"), moment, step)
    world.begin("one")
    assert_one_call(await world.until_gone_on(len(CROWD)))
    assert await entries(world) == {}


@pytest.mark.parametrize("step", ["producer.send", "membership.commit"])
async def test_at_least_once_a_crash_repeats_an_event_and_forgets_nobody(world: CacheWorld, step: str) -> None:
    once: dict[str, Any] = {"processing_guarantee": "at_least_once"}
    await world.tell(*crowd(*CROWD))
    await crash_at(world.begin("one", commit_max_records=SMALL, **once), "before", step, skip=1)
    two = world.begin("two", **once)
    await world.until_done()
    await world.tell(answer())
    await world.until_gone_on(len(CROWD))
    await two.kill()
    world.begin("three", **once)
    by_id = {each.id: each for each in await world.until_gone_on(len(CROWD))}
    answered = [each.job for each in by_id.values() if each.kind != "sent"]
    assert len(answered) == len(set(answered)), "who reads them by their ids has one answer each"
    assert {each.job for each in by_id.values()} == set(CROWD)


async def test_a_process_is_killed_while_they_wait_and_another_takes_over(world: CacheWorld) -> None:
    one, _ = world.begin("one"), world.begin("two")
    await waiting(world)
    await one.kill()
    world.begin("three")
    await world.tell(*crowd("late"))
    await world.until_done()
    await world.tell(answer())
    came = kinds(await world.until_gone_on(len(CROWD) + 1))
    assert came.pop("late") == ["coalesced"], "who leads is known from those that wait"
    assert came == {CROWD[0]: ["sent"]} | {job: ["coalesced"] for job in CROWD[1:]}


async def test_who_is_asked_in_vain_lets_one_go_on(world: CacheWorld) -> None:
    world.begin("one")
    await waiting(world)
    await world.tell(answer(verdict="failed"))
    came = kinds(await world.until_gone_on(2))
    assert came == {CROWD[0]: ["sent"], CROWD[1]: ["sent"]}
    await world.tell(answer(CROWD[1]))
    came = kinds(await world.until_gone_on(len(CROWD)))
    assert came == {job: ["sent" if job in CROWD[:2] else "coalesced"] for job in CROWD}


async def test_topics_may_grow_while_they_wait(world: CacheWorld) -> None:
    """The verdict may come to another task: who waits goes on all the same when that has lasted long enough."""
    one = world.begin("one")
    await waiting(world)
    for topic in world.names.topics:
        await world.backend.grow_topic(topic, 3 * world.partitions)
    await world.tell(answer())
    await world.until_done()
    await one.stop()
    world.clock = FastClock(world.clock, timedelta(seconds=world.settings.wait_s))
    world.begin("two")
    came = kinds(await world.until_gone_on(len(CROWD)))
    # How many do so before they find the answer is a matter of how long the growth takes.
    assert {job: len(found) for job, found in came.items()} == dict.fromkeys(CROWD, 1)
    assert await entries(world) == {}


async def test_a_cancelled_job_does_not_wait_on(world: CacheWorld) -> None:
    world.begin("one")
    await waiting(world)
    brake = make_brake("cancel", tenant="default", job_id=CROWD[5], set_at=START + timedelta(seconds=1))
    await world.say(brake)
    came = kinds(await world.until_gone_on(2))
    assert came == {CROWD[0]: ["sent"], CROWD[5]: ["sent"]}, "its executor ends it"


async def test_interactive_steps_do_not_wait_for_bulk(world: CacheWorld) -> None:
    world.begin("one")
    await world.tell(*crowd("slow", "later", job_class="bulk"))
    await world.until_done()
    await world.tell(*crowd("fast", "second"))
    await world.until_done()
    assert kinds(await world.came()) == {"slow": ["sent"], "fast": ["sent"]}
    await world.tell(answer("fast"))
    came = kinds(await world.until_gone_on(4))
    assert came == {"slow": ["sent"], "fast": ["sent"], "second": ["coalesced"], "later": ["coalesced"]}
