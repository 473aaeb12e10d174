"""A model's judgement of two answers: the name of its job, the schema of its reply, what is told of its end. Pure."""

from decimal import Decimal
from hashlib import sha256
from typing import Any

from headchef_contracts.events.common import Decided, Inline
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.judgements import JudgementAsked, JudgementEnded, JudgementPlanned

from headchef.homes import HOMES
from headchef.runtime.processor import Emit

PLANNED, ENDED = "judgements.planned", "cache.observed"

VERDICT: dict[str, Any] = {
    "type": "object",
    "properties": {"same": {"type": "boolean"}, "why": {"type": "string"}},
    "required": ["same", "why"],
    "additionalProperties": False,
}
"""JSON Schema of the reply."""

LONGEST_WHY = 500
"""Characters that are kept of a reason."""

_PREFIX = "judgement-"


def job_id_of(asked: JudgementAsked) -> str:
    """Name the job by what is to be judged, so that who asks again asks for the same job."""
    return _PREFIX + sha256(f"{asked.account}\0{asked.about}".encode()).hexdigest()[:32]


def verdict_of(reply: object) -> tuple[bool, str] | None:
    """Read a reply that obeys `VERDICT`: whether the answers are the same, and why; None for anything else."""
    match reply:
        case {"same": bool(same), "why": str(why), **more} if not more:
            return same, why[:LONGEST_WHY]
        case _:
            return None


def ended(finished: JobFinished, account: str, homes: int = HOMES) -> Emit:
    """Tell the owner of a pool what came of a question to a model, in place of a result that nobody waits for.

    Args:
        finished: the result that the job would have had.
        account: of the pool.
        homes: accounts are kept in so many partitions, the first ones.
    """
    output = finished.output
    said = verdict_of(output.inline) if finished.status == "ok" and isinstance(output, Inline) else None
    same, why = (None, _without_verdict(finished)) if said is None else said
    event = JudgementEnded(
        account=account,
        job_id=finished.job.job_id,
        same=same,
        why=why,
        model=finished.provenance.model,
        cost_usd=finished.cost_usd,
        decided=finished.decided,
    )
    return _told(event, homes)


def not_asked(planned: JudgementPlanned, why: str, decided: Decided, homes: int = HOMES) -> Emit:
    """Tell the owner of a pool that a question was never put to a model.

    Args:
        planned: the question.
        why: in words.
        decided: when, and from what.
        homes: accounts are kept in so many partitions, the first ones.
    """
    event = JudgementEnded(
        account=planned.account,
        job_id=planned.job_id,
        same=None,
        why=why[:LONGEST_WHY],
        cost_usd=Decimal(),
        decided=decided,
    )
    return _told(event, homes)


def _without_verdict(finished: JobFinished) -> str:
    if finished.failure is not None:
        return f"{finished.failure.reason}: {finished.failure.message}"[:LONGEST_WHY]
    found = "; ".join(each.message for each in finished.findings) or "it is no verdict"
    return f"the reply cannot be read: {found}"[:LONGEST_WHY]


def _told(event: JudgementEnded, homes: int) -> Emit:
    # At least once a job may end twice: its pool hears of one end.
    return Emit(ENDED, event, identity=f"{event.account}\0{event.job_id}", among=homes)
