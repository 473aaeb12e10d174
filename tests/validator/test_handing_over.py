"""What follows where a model failed and others are left: what goes back to the router, and what goes with it."""

from decimal import Decimal
from typing import Any, get_args

import pytest

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Inline, Usage
from headchef_contracts.events.jobs import Failure, FailureReason, JobFinished
from headchef_contracts.events.steps import StepCompleted, StepJudged
from headchef_contracts.registry import decode, encode

from headchef.runtime.processor import Emit
from tests.support.builders import make_answer, make_completed, make_step, make_tried
from tests.validator.test_handler import handle

ENDS_THE_JOB = {"deadline_exceeded", "length", "cancelled", "rejected", "step_failed", "budget_exceeded"}
"""What another model would share: the job's own deadline and output limit, and an operator's will. The last three are
no failures of a model."""


async def events(event: StepCompleted) -> list[Any]:
    outputs = (await handle(event)).outputs
    assert all(isinstance(output, Emit) for output in outputs)
    found = [output.event for output in outputs if isinstance(output, Emit)]
    assert [decode(each.event_type, 1, encode(each)) for each in found] == found
    return found


def failing(
    reason: FailureReason = "timeout", candidates: tuple[str, ...] = ("large",), **fields: Any
) -> StepCompleted:
    return make_completed(
        step=make_step(candidates=candidates), failure=Failure(reason=reason, message="why"), **fields
    )


@pytest.mark.parametrize("reason", get_args(FailureReason))
async def test_what_another_model_may_not_share_goes_back_to_the_router(reason: FailureReason) -> None:
    [first, settled] = await events(failing(reason))
    assert isinstance(first, JobFinished if reason in ENDS_THE_JOB else StepJudged)
    assert isinstance(settled, CacheSettled)


@pytest.mark.parametrize("reason", get_args(FailureReason))
async def test_without_candidates_every_failure_ends_the_job(reason: FailureReason) -> None:
    [first, _] = await events(failing(reason, ()))
    assert isinstance(first, JobFinished)


async def test_what_goes_back_says_what_the_model_was_asked_in_vain_for() -> None:
    usage = Usage(input_tokens=7, output_tokens=3, cached_input_tokens=2)
    event = failing(usage=usage, cost_usd=Decimal("0.5"), attempts=4, provider_s=8.0, cache=CacheUse(kind="bypass"))
    [emitted, _] = (await handle(event)).outputs
    assert isinstance(emitted, Emit)
    assert (emitted.topic, emitted.partition) == ("steps.judged", event.step.job.home_partition)
    judged = emitted.event
    assert isinstance(judged, StepJudged)
    assert (judged.verdict, judged.step, judged.findings) == ("failed", event.step, ())
    assert judged.failed == make_tried(
        failure=event.failure,
        usage=usage,
        cost_usd=Decimal("0.5"),
        attempts=4,
        provider_s=8.0,
        cache=CacheUse(kind="bypass"),
    )


@pytest.mark.parametrize(("finish_reason", "goes_back"), [("content_filter", True), ("length", False)])
async def test_a_withheld_answer_goes_back_and_a_cut_off_one_does_not(finish_reason: str, goes_back: bool) -> None:
    step = make_step(candidates=("large",))
    [first, _] = await events(make_completed(step=step, answer=make_answer(finish_reason=finish_reason)))
    assert isinstance(first, StepJudged) == goes_back


@pytest.mark.parametrize(
    ("truncations", "candidates", "before", "goes_back"),
    [
        (1, (), (), True),
        (1, ("large",), (), True),
        (0, ("large",), ("length",), True),
        (0, ("large",), ("timeout",), False),
        (0, (), ("length",), False),
    ],
)
async def test_a_cut_off_answer_goes_back_if_more_room_is_left_or_was_given_in_vain(
    truncations: int, candidates: tuple[str, ...], before: tuple[FailureReason, ...], goes_back: bool
) -> None:
    tried = tuple(make_tried("small", reason, plan=number) for number, reason in enumerate(before))
    step = make_step(truncations=truncations, candidates=candidates, tried=tried, plan=len(before))
    [first, settled] = await events(make_completed(step=step, answer=make_answer(finish_reason="length")))
    assert isinstance(first, StepJudged if goes_back else JobFinished)
    assert settled.verdict == "failed"


@pytest.mark.parametrize(("candidates", "goes_back"), [(("large",), True), ((), False)])
async def test_what_a_model_refuses_is_another_models_and_is_not_repaired(
    candidates: tuple[str, ...], goes_back: bool
) -> None:
    step = make_step(candidates=candidates, repairs=3, truncations=3)
    [first, _] = await events(make_completed(step=step, failure=Failure(reason="refusal", message="no")))
    assert isinstance(first, StepJudged if goes_back else JobFinished)
    assert not isinstance(first, StepJudged) or (first.verdict, first.said) == ("failed", None)


async def test_who_waits_for_the_failed_request_is_told() -> None:
    event = failing()
    [_, settled] = await events(event)
    assert (settled.verdict, settled.fingerprint, settled.answer) == ("failed", event.step.fingerprint, None)


async def test_a_refused_hit_is_no_failure_of_the_model() -> None:
    step = make_step(output_schema={"type": "object"}, candidates=("large",))
    [judged] = await events(make_completed("no", step=step, cache=CacheUse(kind="exact", source_job_id="job-0")))
    assert (judged.verdict, judged.failed) == ("hit_refused", None)


async def test_a_rejected_answer_is_not_handed_over() -> None:
    step = make_step(output_schema={"type": "object"}, candidates=("large",))
    [first, _] = await events(make_completed("no", step=step))
    assert isinstance(first, JobFinished)
    assert first.status == "rejected"


@pytest.mark.parametrize(
    ("costs", "last", "cost_usd"),
    [
        (("0.25", "0.5"), "0.125", Decimal("0.875")),
        (("0.25", None), "0.125", None),
        (("0.25",), None, None),
        ((), "0.125", Decimal("0.125")),
    ],
)
async def test_the_result_has_what_all_plans_came_to(
    costs: tuple[str | None, ...], last: str | None, cost_usd: Decimal | None
) -> None:
    tried = tuple(
        make_tried(f"model-{number}", plan=number, cost_usd=None if cost is None else Decimal(cost))
        for number, cost in enumerate(costs)
    )
    step = make_step(model="large", tried=tried, plan=len(tried))
    paid = None if last is None else Decimal(last)
    [result, settled] = await events(make_completed("A fine car.", step=step, cost_usd=paid))
    count = len(tried)
    assert (result.status, result.output) == ("ok", Inline(inline="A fine car."))
    assert result.cost_usd == cost_usd
    assert (result.usage.input_tokens, result.usage.output_tokens) == (10 + 10 * count, 5 + count)
    assert (result.provenance.model, result.provenance.tried) == ("large", tried)
    assert (result.provenance.attempts, result.timing.provider_s) == (1 + 4 * count, 0.5 + 2.0 * count)
    assert settled.cost_usd == paid, "the cache keeps what this answer cost, not what failed before it"
