"""Whatever happens to processes, a batch with too many bad answers is paused once, and once more after each resume."""

from datetime import timedelta
from typing import Any

import pytest

from headchef_contracts.events.brakes import BrakeSet

from tests.batches.behaviour.test_once import MOMENTS, SMALL, STEPS
from tests.batches.behaviour.world import WARM_UP, BatchWorld
from tests.batches.builders import make_finished
from tests.runtime.behaviour.faults import crash_at
from tests.support.braking import make_brake
from tests.support.builders import NOON

SPRING: dict[str, Any] = {"tenant": "acme", "batch_id": "spring"}


async def tell_rejected(world: BatchWorld, first: int, *, jobs: int = 12, after_s: float = 2) -> None:
    """Have jobs end as rejected; those of another tenant's batch of the same name are all well."""
    about: dict[str, Any] = {"finished_at": NOON + timedelta(seconds=after_s)}
    about |= {"batch_id": "spring", "batch_max_reject_rate": 0.1}
    for number in range(first, first + jobs):
        await world.tell(
            make_finished(f"job-{number}", status="rejected", tenant="acme", **about),
            make_finished(f"job-{number}", tenant="globex", **about),
        )


def resumed(after_s: float) -> BrakeSet:
    return make_brake("resume", set_at=NOON + timedelta(seconds=after_s), **SPRING)


async def until_all_is_counted(world: BatchWorld) -> list[BrakeSet]:
    """Wait until what was told was passed on and counted, and give what was said of brakes."""
    await world.until_done()
    await world.until_done()
    return await world.brakes()


def assert_paused(said: list[BrakeSet], times: int) -> None:
    pauses = [each for each in said if each.action == "pause"]
    assert [each.brake for each in pauses] == ["pause batch:acme=spring"] * times
    for each in pauses:
        assert f"{WARM_UP} of {WARM_UP} answers" in (each.because or "")
        assert "chars at /title" in (each.because or "")


async def test_it_is_paused_once_and_anew_after_a_resume(world: BatchWorld) -> None:
    for name in ("one", "two"):
        world.begin(name)
    await tell_rejected(world, 0)
    assert_paused(await until_all_is_counted(world), 1)
    await world.say(resumed(after_s=60))
    await tell_rejected(world, 100, after_s=59)
    assert_paused(await until_all_is_counted(world), 1)
    await tell_rejected(world, 200, after_s=61)
    assert_paused(await until_all_is_counted(world), 2)


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_around_each_step_of_a_transaction(world: BatchWorld, step: str) -> None:
    await tell_rejected(world, 0)
    for skip, moment in enumerate(MOMENTS, start=2):
        await crash_at(world.begin("one", commit_max_records=SMALL), moment, step, skip=skip)
    world.begin("one")
    assert_paused(await until_all_is_counted(world), 1)


@pytest.mark.parametrize("step", ["producer.send", "membership.commit"])
async def test_at_least_once_a_crash_repeats_a_pause_that_stands_and_undoes_no_resume(
    world: BatchWorld, step: str
) -> None:
    await tell_rejected(world, 0)
    for skip in range(2, 9):
        one = world.begin("one", commit_max_records=SMALL, processing_guarantee="at_least_once")
        await crash_at(one, "before", step, skip=skip)
        if await world.brakes():
            break
    await world.say(resumed(after_s=60))
    world.begin("one", processing_guarantee="at_least_once")
    said = await until_all_is_counted(world)
    assert said[-1] == resumed(after_s=60), "who comes after it has heard of the resume, and pauses for nothing older"
    await tell_rejected(world, 100, after_s=61)
    assert [each.action for each in await until_all_is_counted(world)][len(said) :] == ["pause"]


async def test_who_starts_after_a_resume_knows_of_it(world: BatchWorld) -> None:
    one = world.begin("one")
    await tell_rejected(world, 0)
    await until_all_is_counted(world)
    await one.kill()
    await world.say(resumed(after_s=60))
    await tell_rejected(world, 100, after_s=59)
    world.begin("one")
    assert_paused(await until_all_is_counted(world), 1)
    await tell_rejected(world, 200, after_s=61)
    assert_paused(await until_all_is_counted(world), 2)
