"""Says what a decision about a review comes to, and what holds where nobody has decided. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from headchef_contracts.events.common import Decided, Finding, Inline
from headchef_contracts.events.reviews import MAX_DOCUMENT_BYTES, CommandRefusal, ReviewDecided, ReviewOutcome

from headchef.canonical import canonical
from headchef.checks import in_short
from headchef.router.leading.records import LostRecord, ReviewRecord, UnitRecord
from headchef.workflow.progress import Came, Judge, Review

_OUTCOMES: dict[str, ReviewOutcome] = {"approve": "approved", "edit": "edited", "reject": "rejected"}


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why a decision changes nothing.

    Attributes:
        reason: in a word.
        message: what is wrong, and what would be right.
        findings: what its document breaks.
    """

    reason: CommandRefusal
    message: str
    findings: tuple[Finding, ...] = ()


def of_command(
    command: ReviewDecided, review: Review, due: datetime, decided: Decided, judge: Judge
) -> UnitRecord | NotTaken:
    """Record what a person has decided about a review that is open.

    Args:
        command: the decision.
        review: what is decided about.
        due: until then it counts.
        decided: when it came, and from what.
        judge: holds the document against schema and checks.

    Returns:
        What came of the unit, or why the review stays open.
    """
    if decided.at >= due:
        return NotTaken("late", f"the time was over at {due.isoformat(timespec='seconds')}")
    came = ReviewRecord(
        outcome=_OUTCOMES[command.verdict], by=command.by, because=command.because, command_id=command.command_id
    )
    if command.verdict == "reject":
        why = f"{command.by} rejected it" + (f": {command.because}" if command.because else "")
        return _record(review, decided, came, lost=LostRecord(reason="review_rejected", message=why))
    document = review.document if command.document is None else _inline(command)
    if (size := len(canonical(document))) > MAX_DOCUMENT_BYTES:
        return NotTaken("too_large", f"the document has {size:,} bytes; at most {MAX_DOCUMENT_BYTES:,} are taken")
    if findings := judge.findings(document, review.schema, review.checks):
        hint = "edit or reject it" if command.verdict == "approve" else "mend it"
        return NotTaken("invalid", f"{in_short(findings)}: {hint}, the review is still open", findings)
    return _record(review, decided, came, output=document)


def of_silence(review: Review, decided: Decided) -> UnitRecord:
    """Record what holds where nobody has decided in time.

    Args:
        review: what was asked.
        decided: when its time was over.
    """
    holds = review.in_silence
    if isinstance(holds, Came):
        outcome: Literal["undecided", "approved"] = "approved" if review.otherwise == "approve" else "undecided"
        return _record(review, decided, ReviewRecord(outcome=outcome), output=holds.value)
    lost = LostRecord(reason=holds.reason, message=holds.message)
    return _record(review, decided, ReviewRecord(outcome="rejected"), lost=lost)


def _record(
    review: Review, decided: Decided, came: ReviewRecord, *, output: Any = None, lost: LostRecord | None = None
) -> UnitRecord:
    return UnitRecord(
        step_id=review.unit.step,
        item=review.unit.item,
        output=output,
        lost=lost,
        at=decided.at,
        cause=decided.causes[0],
        review=came,
    )


def _inline(command: ReviewDecided) -> Any:
    if not isinstance(command.document, Inline):
        raise AssertionError("the door refuses references")
    return command.document.inline
