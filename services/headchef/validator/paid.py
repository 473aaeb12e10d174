"""Says what a step took of its tenant's budget, in place of what was reserved for it. Pure."""

from headchef_contracts.events.budgets import Amount, BudgetSettled
from headchef_contracts.events.common import Decided
from headchef_contracts.events.steps import StepCompleted


def paid_of(event: StepCompleted, decided: Decided) -> BudgetSettled | None:
    """Say it of one plan, whatever came of that; None where nothing was reserved.

    Args:
        event: the completed step; where an earlier answer was reused it took nothing.
        decided: when that was known, and from what.
    """
    step = event.step
    if step.reserved is None:
        return None
    item = {} if step.item is None else {"item": step.item}
    return BudgetSettled(
        tenant=step.job.tenant,
        job_id=step.job.job_id,
        run=step.job.run,
        revision=step.job.revision,
        step_id=step.step_id,
        **item,
        plan=step.plan,
        reserved=step.reserved,
        spent=Amount(usd=event.cost_usd, tokens=event.usage.input_tokens + event.usage.output_tokens),
        decided=decided,
    )
