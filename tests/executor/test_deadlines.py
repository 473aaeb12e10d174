"""The deadline of a step, and that of its job: no call begins after the earlier one."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.executor.fakes import (
    answered,
    limited,
)
from tests.executor.kitchen import Kitchen, reason
from tests.support.builders import make_head, make_step


async def test_a_passed_deadline_is_noticed_before_the_call_is_paid_for() -> None:
    kitchen = Kitchen()
    attempts, completed = await kitchen.handle(make_step(job=make_head(deadline=kitchen.clock.now())))
    assert (attempts, kitchen.provider.asked) == ([], [])
    assert reason(completed) == "deadline_exceeded"
    assert completed.cost_usd == Decimal(0)
    assert (completed.attempts, completed.provider_s) == (0, 0)


@pytest.mark.parametrize(("job_s", "step_s", "called"), [(9, 0, False), (0, 9, False), (9, 9, True), (None, 0, False)])
async def test_the_earlier_deadline_counts_of_the_step_and_of_its_job(
    job_s: float | None, step_s: float, called: bool
) -> None:
    kitchen = Kitchen(answered())
    job = make_head(deadline=None if job_s is None else kitchen.clock.now() + timedelta(seconds=job_s))
    await kitchen.handle(make_step(job=job, deadline=kitchen.clock.now() + timedelta(seconds=step_s)))
    assert len(kitchen.provider.asked) == called


@pytest.mark.parametrize("of", ["job", "step"])
async def test_a_deadline_ends_the_trying(of: str) -> None:
    kitchen = Kitchen(limited(20))
    deadline = kitchen.clock.now() + timedelta(seconds=30)
    step = make_step(job=make_head(deadline=deadline)) if of == "job" else make_step(deadline=deadline)
    attempts, completed = await kitchen.handle(step)
    assert len(attempts) == 2
    assert reason(completed) == "deadline_exceeded"
