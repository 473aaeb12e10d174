"""A step that an operator has cancelled ends its job with a status of its own, whatever models are left."""

from decimal import Decimal

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Usage
from headchef_contracts.events.jobs import Failure, JobFinished

from tests.support.builders import make_completed, make_step, make_tried
from tests.validator.test_handing_over import events


async def test_the_result_says_cancelled_why_and_what_was_paid() -> None:
    why = Failure(reason="cancelled", message="batch=spring was cancelled by ann@desk-7")
    step = make_step(candidates=("other",), tried=(make_tried(),), plan=1)
    usage = Usage(input_tokens=7, output_tokens=3)
    finished, settled = await events(
        make_completed(step=step, failure=why, usage=usage, cost_usd=Decimal("0.5"), attempts=2)
    )
    assert isinstance(finished, JobFinished)
    assert (finished.status, finished.failure, finished.output) == ("cancelled", why, None)
    assert (finished.cost_usd, finished.provenance.attempts) == (Decimal("0.75"), 6)
    assert isinstance(settled, CacheSettled)
    assert (settled.verdict, settled.answer) == ("cancelled", None)
