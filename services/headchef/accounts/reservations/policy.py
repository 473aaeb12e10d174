"""Decides who has a value: the first job that asks for it, until no run of that job holds it any more. Pure.

The holder is a job, not a run of it: a rerun or a new revision gets what the job has. Each of them gives back what it
asked for itself, so a run that fails takes nothing from an earlier one that came to a good end.

A run that was told that a value is taken is told so again, and one that has given it back does not get it any more:
events may come more than once, and late.
"""

from dataclasses import dataclass
from datetime import datetime

from headchef.accounts.reservations.records import Claim, Holder, Told

POLICY_VERSION = "reservations-1"

_REMEMBERED = 8
"""Runs of a job that are told apart; of more of them the older ones hold a value until an operator takes it away."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a value, and of what a run of a job was told of it.

    Attributes:
        holder: the job that has it; None where nobody has.
        told: what the run was told for good; None where that is nothing.
    """

    holder: Holder | None = None
    told: Told | None = None


def ask(known: Known, job_id: str, claim: Claim, value: str, now: datetime) -> Known:
    """Let a run of a job ask for a value.

    Args:
        known: before.
        job_id: the job.
        claim: its run.
        value: as it writes it.
        now: the time.

    Returns:
        What is known now; the run has the value if it was told nothing.
    """
    holder = known.holder
    if known.told is not None:
        return known
    if holder is None:
        return Known(Holder(job_id=job_id, value=value, since=now, claims=(claim,)))
    if holder.job_id != job_id:
        return Known(holder, Told(taken_by=holder.job_id))
    if claim in holder.claims:
        return known
    claims = tuple(sorted((*holder.claims, claim)))
    kept, older = claims[-_REMEMBERED:], holder.older or len(claims) > _REMEMBERED
    return Known(holder.model_copy(update={"claims": kept, "older": older}))


def release(known: Known, job_id: str, claim: Claim, *, earlier: bool) -> Known:
    """Let a run of a job give a value back, whether it has it or not.

    Args:
        known: before.
        job_id: the job.
        claim: its run.
        earlier: whether all runs before it do so too.
    """
    holder, told = known.holder, Told()
    if holder is None or holder.job_id != job_id:
        return Known(holder, told)
    left = tuple(each for each in holder.claims if each != claim and not (earlier and each < claim))
    older = holder.older and not earlier
    if not left and not older:
        return Known(None, told)
    if (left, older) == (holder.claims, holder.older):
        return Known(holder, told)
    return Known(holder.model_copy(update={"claims": left, "older": older}), told)
