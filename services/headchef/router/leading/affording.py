"""Says whether a question is within the budgets of its job and of its step, and reserves what is expected of it.

Where a job is to be finished cheaper, the first question beyond its budget goes to the cheapest model, and so do all
that are asked after it.
"""

from contextlib import suppress
from dataclasses import dataclass

from headchef_contracts.events.steps import Step

from headchef.router.leading.asked import Planner, step_of
from headchef.router.leading.budget import Spent, excess, expected_of, is_bounded, total_of
from headchef.router.leading.cheapest import of_the_cheapest
from headchef.router.leading.led import Led
from headchef.router.leading.records import STEP_BUDGET, Cheaper, LostRecord
from headchef.router.refusal import Refused
from headchef.runtime.processor import Change
from headchef.workflow.progress import Ask, Unit

_OF_JOB = "budget_exceeded"


@dataclass(frozen=True, slots=True)
class Afforded:
    """A question that may be asked.

    Attributes:
        step: as it is to be asked, perhaps of another model.
        changes: what is to be remembered of the job with it.
    """

    step: Step
    changes: tuple[Change, ...] = ()


def within_budget(led: Led, step: Step, planner: Planner) -> Afforded | LostRecord:
    """Reserve what is expected of a question, or say why it is not to be asked.

    Args:
        led: the job.
        step: as it would be planned, perhaps after other plans.
        planner: has the catalogue.
    """
    whole = led.progress.workflow.file.budget
    if led.record.cheaper is not None:
        step = _cheapest(led, step, planner)
    over = _over_budget(led, step, planner)
    if over is None:
        return Afforded(step)
    if over.reason != _OF_JOB or whole.on_exceed != "finish_cheaper" or led.record.cheaper is not None:
        return over
    cheapest = _cheapest(led, step, planner)
    if cheapest is step:
        return over
    if (still := _over_budget(led, cheapest, planner)) is not None:
        return still
    asked_before = sorted(str(unit) for unit in led.reserved.units if unit != Unit(step.step_id, step.item))
    return Afforded(cheapest, (led.go_on_cheaper(Cheaper(why=over.message, asked_before=tuple(asked_before))),))


def _over_budget(led: Led, step: Step, planner: Planner) -> LostRecord | None:
    workflow, unit = led.progress.workflow, Unit(step.step_id, step.item)
    whole, own = workflow.file.budget, workflow.steps[step.step_id].budget
    if not is_bounded(whole) and not is_bounded(own):
        return None
    tried = total_of(Spent(each.cost_usd, each.usage.input_tokens + each.usage.output_tokens) for each in step.tried)
    wanted = expected_of(step, planner.catalogue)
    _reckon(led, planner)
    if is_bounded(whole):
        spent = total_of((*led.spent.values(), led.reserved.but_for(unit), tried))
        if (why := excess(whole, spent, wanted)) is not None:
            leave_out = whole.on_exceed == "partial"
            return LostRecord(reason=_OF_JOB, message=f"the budget of the job: {why}", leave_out=leave_out)
    if own is not None and is_bounded(own):
        spent = total_of((led.spent.get(unit.step, Spent()), led.reserved.but_for(unit, unit.step), tried))
        if (why := excess(own, spent, wanted)) is not None:
            return LostRecord(reason=STEP_BUDGET, message=f"the budget of the step: {why}")
    led.reserved.reserve(unit, tried + wanted)
    return None


def _reckon(led: Led, planner: Planner) -> None:
    """Reserve for questions that somebody else has begun."""
    cheaper = led.record.cheaper
    for unit in led.unreckoned:
        work = led.progress.under_way.get(unit)
        if isinstance(work, Ask):
            with suppress(Refused):
                step = step_of(work, led.record, planner)
                if cheaper is not None and str(unit) not in cheaper.asked_before:
                    step = _cheapest(led, step, planner)
                led.reserved.reserve(unit, expected_of(step, planner.catalogue))
    led.unreckoned = frozenset()


def _cheapest(led: Led, step: Step, planner: Planner) -> Step:
    asked = led.progress.workflow.steps[step.step_id].llm
    return of_the_cheapest(step, planner.catalogue, pinned=asked is not None and asked.model is not None)
