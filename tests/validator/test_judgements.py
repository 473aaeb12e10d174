"""A judgement ends for the pool that wants it: what a model has said, or why it has said nothing; it is no result."""

from decimal import Decimal

import pytest

from headchef_contracts.events.jobs import Failure
from headchef_contracts.events.judgements import JudgementEnded
from headchef_contracts.events.steps import StepCompleted

from headchef.judgements import VERDICT
from headchef.runtime.processor import Emit
from tests.support.builders import make_completed, make_head, make_step
from tests.support.recorded_metrics import RecordedMetrics
from tests.validator.test_handler import handle

ACCOUNT = "acme/help/hashed-1"


def completed(text: str = "", failure: Failure | None = None) -> StepCompleted:
    head = make_head("judgement-1", tenant="acme", job_class="bulk", judgement_of=ACCOUNT)
    step = make_step("Both.", job=head, output_schema=VERDICT)
    return make_completed(text, step=step, failure=failure, cost_usd=Decimal("0.002"))


async def end_of(event: StepCompleted, metrics: RecordedMetrics | None = None) -> JudgementEnded:
    outcome = await handle(event, metrics)
    assert {output.topic for output in outcome.outputs if isinstance(output, Emit)} == {
        "cache.observed",
        "cache.settled",
    }
    [emitted] = (output for output in outcome.outputs if isinstance(output, Emit) and output.topic == "cache.observed")
    assert isinstance(emitted.event, JudgementEnded)
    return emitted.event


@pytest.mark.parametrize("same", [True, False])
async def test_what_the_model_says_goes_to_the_pool_and_nobody_gets_a_result(*, same: bool) -> None:
    metrics = RecordedMetrics()
    ended = await end_of(completed(f'{{"same": {str(same).lower()}, "why": "one says Monday"}}'), metrics)
    assert (ended.account, ended.job_id) == (ACCOUNT, "judgement-1")
    assert (ended.same, ended.why, ended.model, ended.cost_usd) == (same, "one says Monday", "small", Decimal("0.002"))
    assert metrics.total("headchef.judgements", outcome="ok") == 1
    assert metrics.total("headchef.jobs.finished") == 0


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (completed('{"same": "yes", "why": ""}'), "the reply cannot be read: "),
        (completed("They are the same."), "the reply cannot be read: "),
        (completed(failure=Failure(reason="timeout", message="30 s")), "timeout: 30 s"),
        (completed(failure=Failure(reason="cancelled", message="by ann")), "cancelled: by ann"),
    ],
)
async def test_without_a_verdict_the_pool_hears_why(event: StepCompleted, why: str) -> None:
    ended = await end_of(event)
    assert ended.same is None
    assert ended.why.startswith(why)
