"""Turns what the services say of a step or a call into the record of a unit. Pure."""

from headchef_contracts.events.calls import CallEnded
from headchef_contracts.events.common import Body, Decided, Ref
from headchef_contracts.events.fetches import FetchEnded
from headchef_contracts.events.reservations import ReservationAnswered
from headchef_contracts.events.retrievals import RetrievalEnded
from headchef_contracts.events.steps import Ended, Step

from headchef.catalogue import Catalogue
from headchef.checks import in_short
from headchef.result import total
from headchef.router.leading.budget import reckoned
from headchef.router.leading.records import NEVER_BEGUN, STEP_BUDGET, LostRecord, UnitRecord

Other = CallEnded | FetchEnded | RetrievalEnded | ReservationAnswered
"""What comes back of a unit that asks no model."""


def of_step(
    step: Step, ended: Ended, decided: Decided, catalogue: Catalogue, beyond: LostRecord | None = None
) -> UnitRecord:
    """Record what a step's question came to.

    Args:
        step: as it was planned last.
        ended: what all its plans came to.
        decided: when that was known, and from what.
        catalogue: has the prices.
        beyond: which budget has no room for another question, and what follows, where one was to be asked.
    """
    return UnitRecord(
        step_id=step.step_id,
        item=step.item,
        output=_value(ended.output) if ended.status == "ok" else None,
        lost=_lost(step, ended) if beyond is None else _beyond(beyond, ended),
        at=decided.at,
        cause=decided.causes[0],
        models=tuple(dict.fromkeys((*(tried.model for tried in step.tried), step.request.model))),
        reused=ended.cache.reused and ended.status == "ok",
        repaired=_repaired(step),
        usage=ended.usage,
        cost_usd=ended.cost_usd,
        reckoned_usd=reckoned(step, ended, catalogue),
        attempts=ended.attempts,
        provider_s=ended.provider_s,
    )


def of_nobody(step: Step, decided: Decided) -> UnitRecord:
    """Record what a step came to that is not asked, or not asked again, since its job has ended: what it took before.

    Args:
        step: as it would have been planned, or was planned for an earlier answer that cannot be used.
        decided: when that was known, and from what.
    """
    lost, spent = NEVER_BEGUN, total(step.tried)
    if step.tried:
        failure = step.tried[-1].failure
        lost = LostRecord(reason=failure.reason, message=f"{failure.message} ({NEVER_BEGUN.message})")
    return UnitRecord(
        step_id=step.step_id,
        item=step.item,
        lost=lost,
        at=decided.at,
        cause=decided.causes[0],
        models=tuple(dict.fromkeys(tried.model for tried in step.tried)),
        repaired=_repaired(step),
        usage=spent.usage,
        cost_usd=spent.cost_usd,
        attempts=spent.attempts,
        provider_s=spent.provider_s,
    )


def of_other(ended: Other, decided: Decided) -> UnitRecord:
    """Record what a call of a function, a document, a search or a reservation came to.

    Args:
        ended: what came of it.
        decided: when that was known, and from what.
    """
    failure = ended.failure
    return UnitRecord(
        step_id=ended.step_id,
        item=ended.item,
        output=_value(ended.output),
        lost=_out_of_reach(ended.output)
        if failure is None
        else LostRecord(reason=failure.reason, message=failure.message),
        at=decided.at,
        cause=decided.causes[0],
        source=ended.source if isinstance(ended, FetchEnded) else None,
        found=ended.found if isinstance(ended, RetrievalEnded) else None,
        reserved=ended.account if isinstance(ended, ReservationAnswered) and failure is None else None,
    )


def _repaired(step: Step) -> int:
    return sum(tried.failure.reason == "rejected" for tried in step.tried)


def _lost(step: Step, ended: Ended) -> LostRecord | None:
    if ended.failure is not None and ended.failure.reason == "deadline_exceeded" and step.latest != step.job.deadline:
        # It is the step's time that is over, and not the job's.
        return LostRecord(reason=STEP_BUDGET, message=f"the budget of the step: {ended.failure.message}")
    if ended.failure is not None:
        return LostRecord(reason=ended.failure.reason, message=ended.failure.message)
    if ended.status == "rejected":
        return LostRecord(reason="rejected", message=in_short(ended.findings), findings=ended.findings)
    return _out_of_reach(ended.output)


def _beyond(beyond: LostRecord, ended: Ended) -> LostRecord:
    """Say that a budget is why, and what another answer was needed for."""
    before = "" if ended.failure is None else f", after {ended.failure.reason}: {ended.failure.message}"
    return beyond.model_copy(update={"message": f"{beyond.message}{before}", "findings": ended.findings})


def _out_of_reach(body: Body | None) -> LostRecord | None:
    """Say that a body is lost; what can be had has been put in the place of its reference."""
    if not isinstance(body, Ref):
        return None
    message = f"the output {body.ref.sha256} cannot be had from the object store that HEADCHEF_BODIES names"
    return LostRecord(reason="body_missing", message=message)


def _value(body: Body | None) -> object:
    return None if body is None or isinstance(body, Ref) else body.inline
