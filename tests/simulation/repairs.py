"""What must hold where a rejected answer may be repaired: how often another is asked for, of whom, and until when."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from tests.simulation.candidates import ended_by_a_router, too_late, unpaid
from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.order import order_of
from tests.simulation.questions import planned

_MOST_IN_A_ROW = 2


def repaired_as_often_as_said(evidence: Evidence) -> Iterator[str]:
    """Check each result: no more answers were rejected before than may be, and if the last one was, exactly as many.

    Unless it was too late when a router was to ask for another, and it says so.
    """
    for event, payload in _finished(evidence):
        rejected = [each for each in _tried(event.data["provenance"]) if _was_rejected(each)]
        may = _output_of(payload).get("repairs", 0)
        says_so = any(finding["check"] == "repair" for finding in event.data.get("findings", ()))
        ended_early = says_so and ended_by_a_router(event) and (too_late(event) or unpaid(event))
        if len(rejected) > may or (event.data["status"] == "rejected" and len(rejected) < may and not ended_early):
            yield f"{event.job} may have {may} repairs, had {len(rejected)}, and is {event.data['status']}"


def the_next_model_after_two(evidence: Evidence) -> Iterator[str]:
    """Check each result: after two rejected answers of a model it was the next one's turn, as far as there is one."""
    for event, payload in _finished(evidence):
        for model, tries in groupby(_tried(event.data["provenance"]), key=lambda each: str(each["model"])):
            count = sum(map(_was_rejected, tries))
            if count > _MOST_IN_A_ROW and model != order_of(payload)[-1]:
                yield f"{event.job} had {count} answers of {model} rejected, and {order_of(payload)} to ask"


def repaired_before_the_next(evidence: Evidence) -> Iterator[str]:
    """Check each plan that another model was asked before: that one was shown its rejected answer, before it was left.

    It may have failed then.
    """
    for event in planned(evidence):
        step = event.data["step"]
        tries = [*step.get("tried", ()), {"model": step["request"]["model"]}]
        groups = [list(group) for _, group in groupby(tries, key=lambda each: str(each["model"]))]
        for group in groups[:-1]:
            if len(group) == 1 and _was_rejected(group[0]):
                yield f"{event.job} plan {event.plan}: {group[0]['model']} was not asked to put its answer right"


def nobody_is_asked_too_late(evidence: Evidence) -> Iterator[str]:
    """Check each plan that follows a failure or a rejected answer: its job's deadline had not passed."""
    for event in planned(evidence):
        tried = event.data["step"].get("tried", ())
        # After a reused answer was refused, it is for the executor to say that it is too late.
        if tried and tried[-1]["plan"] == event.plan - 1 and too_late(event):
            yield f"{event.job} plan {event.plan} was made at {event.data['decided']['at']}, after its deadline"


def _finished(evidence: Evidence) -> Iterator[tuple[Happened, Mapping[str, Any]]]:
    for event in evidence.events("jobs.finished"):
        if (payload := evidence.expected.accepted.get(event.job)) is not None:
            yield event, payload


def _output_of(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    output: Mapping[str, Any] = payload.get("output", {})
    return output


def _tried(provenance: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    tried: Sequence[Mapping[str, Any]] = provenance.get("tried", ())
    return tried


def _was_rejected(tried: Mapping[str, Any]) -> bool:
    return bool(tried["failure"]["reason"] == "rejected")
