"""A step of a workflow ends no job: what it came to goes to the router, with all that its plans cost."""

from decimal import Decimal

import pytest

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import Failure
from headchef_contracts.events.steps import Ended, StepCompleted, StepJudged
from headchef_contracts.registry import decode, encode

from headchef.runtime.processor import Emit
from tests.support.builders import make_completed, make_step, make_tried
from tests.validator.test_handler import handle

STEP = make_step(workflow="page@1", step_id="outline", item="a", output_schema={"type": "object"})


async def ended(event: StepCompleted) -> Ended:
    judged, settled = (await handle(event)).outputs
    assert isinstance(judged, Emit)
    assert isinstance(settled, Emit)
    assert isinstance(settled.event, CacheSettled)
    assert (judged.topic, judged.partition) == ("steps.judged", event.step.job.home_partition)
    read = decode(judged.event.event_type, 1, encode(judged.event))
    assert isinstance(read, StepJudged)
    assert (read.verdict, read.step) == ("ended", event.step)
    assert read.ended is not None
    return read.ended


@pytest.mark.parametrize(
    ("event", "status", "output"),
    [
        (make_completed('{"a": 1}', step=STEP), "ok", Inline(inline={"a": 1})),
        (make_completed("[1]", step=STEP), "rejected", Inline(inline="[1]")),
        (make_completed(step=STEP, failure=Failure(reason="timeout", message="30 s")), "failed", None),
        (make_completed(step=STEP, failure=Failure(reason="cancelled", message="by Ada")), "cancelled", None),
    ],
)
async def test_every_verdict_goes_to_the_router(event: StepCompleted, status: str, output: Inline | None) -> None:
    came = await ended(event)
    assert (came.status, came.output) == (status, output)
    assert (came.failure is not None) == (status in ("failed", "cancelled"))
    assert bool(came.findings) == (status == "rejected")


async def test_all_plans_are_added_up() -> None:
    step = STEP.model_copy(update={"tried": (make_tried("large"),)})
    came = await ended(make_completed('{"a": 1}', step=step, cost_usd=Decimal("0.5")))
    assert (came.cost_usd, came.attempts, came.provider_s) == (Decimal("0.75"), 5, 2.5)


async def test_a_step_that_may_go_on_is_not_ended() -> None:
    step = STEP.model_copy(update={"repairs": 1})
    judged, _ = (await handle(make_completed("[1]", step=step))).outputs
    assert isinstance(judged, Emit)
    assert isinstance(judged.event, StepJudged)
    assert judged.event.verdict == "rejected"
