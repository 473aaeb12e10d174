"""What a step or its job ends with where nobody is asked any more: none is left, or its tenant's budget is. Pure."""

from decimal import Decimal

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Body, Finding, Inline, Ref
from headchef_contracts.events.jobs import Failure, Tried
from headchef_contracts.events.steps import Step, StepJudged

from headchef.result import Ending
from headchef.router.asking import NobodyLeft


def given_up(judged: StepJudged, failed: Tried, nobody: NobodyLeft) -> Ending:
    """Say what a job ends with where nobody can be asked any more: what it would have if it had never gone back."""
    if judged.verdict == "rejected":
        note = Finding(check="repair", path="", message=f"no other answer was asked for: {nobody.why}")
        return Ending("rejected", _said(judged), (*judged.findings, note))
    why = Failure(reason=failed.failure.reason, message=f"{failed.failure.message} ({nobody.why})")
    return Ending("failed", failure=why)


def _said(judged: StepJudged) -> Body:
    return Inline(inline=judged.said) if judged.said_reference is None else Ref(ref=judged.said_reference)


def unpaid(step: Step, why: str) -> tuple[Tried, Ending]:
    """Say what a plan came to that was never asked, and what its step or its job ends with.

    Args:
        step: as it would have been asked.
        why: its tenant's budget does not allow it.
    """
    failure = Failure(reason="budget_exceeded", message=why)
    nothing = Tried(
        plan=step.plan,
        model=step.request.model,
        lane=step.request.lane,
        failure=failure,
        cache=CacheUse(kind="miss"),
        cost_usd=Decimal(),
        attempts=0,
        provider_s=0.0,
    )
    return nothing, Ending("failed", failure=failure)
