"""Says whether a question is within the budgets of its job and of its step, and reserves what is expected of it."""

from contextlib import suppress

from headchef_contracts.events.steps import Step

from headchef.router.leading.asked import Planner, step_of
from headchef.router.leading.budget import Spent, excess, expected_of, is_bounded, total_of
from headchef.router.leading.led import Led
from headchef.router.leading.records import LostRecord
from headchef.router.refusal import Refused
from headchef.workflow.progress import Ask, Unit


def over_budget(led: Led, step: Step, planner: Planner) -> LostRecord | None:
    """Say why a question is not to be asked, if it is beyond a budget; else reserve what is expected of it.

    Args:
        led: the job.
        step: as it would be planned, perhaps after other plans.
        planner: has the catalogue.
    """
    workflow, unit = led.progress.workflow, Unit(step.step_id, step.item)
    whole, own = workflow.file.budget, workflow.steps[step.step_id].budget
    if not is_bounded(whole) and not is_bounded(own):
        return None
    tried = total_of(Spent(each.cost_usd, each.usage.input_tokens + each.usage.output_tokens) for each in step.tried)
    wanted, reserved = expected_of(step, planner.catalogue), _reserved(led, unit, planner)
    if is_bounded(whole):
        spent = total_of((*led.spent.values(), *reserved.values(), tried))
        if (why := excess(whole, spent, wanted)) is not None:
            leave_out = whole.on_exceed == "partial"
            return LostRecord(reason="budget_exceeded", message=f"the budget of the job: {why}", leave_out=leave_out)
    if own is not None and is_bounded(own):
        others = (each for other, each in reserved.items() if other.step == unit.step)
        spent = total_of((led.spent.get(unit.step, Spent()), *others, tried))
        if (why := excess(own, spent, wanted)) is not None:
            return LostRecord(reason="step_budget_exceeded", message=f"the budget of the step: {why}")
    led.reserved[unit] = tried + wanted
    return None


def _reserved(led: Led, but: Unit, planner: Planner) -> dict[Unit, Spent]:
    """Give what is reserved for all questions that have begun but one; anew where somebody else has begun them."""
    for unit in led.unreckoned:
        work = led.progress.under_way.get(unit)
        if isinstance(work, Ask):
            with suppress(Refused):
                led.reserved[unit] = expected_of(step_of(work, led.record, planner), planner.catalogue)
    led.unreckoned = frozenset()
    return {unit: spent for unit, spent in led.reserved.items() if unit != but}
