"""What must hold where people are asked: each review asked and closed once, each decision counted once and in time."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf
from typing import Any

from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.oracle import Job
from tests.simulation.people import Name, name_of
from tests.simulation.workflows import UNSIGNED

Unit = tuple[str, str | None]

_OUTCOMES = {"approve": "approved", "edit": "edited", "reject": "rejected"}
_FINEST = timedelta(milliseconds=1)
"""Of timers."""

_IN_SILENCE = {"looks": "approved", "sign": "undecided"}
"""What holds of each step where nobody decides."""


def ends_of_reviews(evidence: Evidence) -> Iterator[tuple[Job, Unit, Mapping[str, Any]]]:
    """Give what became of each review: its outcome, the edited document, and a status as other steps have one."""
    for event in _of(evidence, "closed"):
        outcome = event.data["outcome"]
        said = evidence.decisions.get(event.data.get("command_id") or "")
        document = None if said is None else said.document
        status = "ok" if outcome in ("approved", "edited") else outcome
        yield event.job, event.unit, {"status": status, "outcome": outcome, "document": document}


def decided_twice(evidence: Evidence) -> set[Job]:
    """Give jobs of which a review was closed twice, or asked for twice: at least once that may be, and differ."""
    counts = Counter((event.job, name_of(event.data)) for event in _of(evidence, "closed"))
    return set() if evidence.exactly_once else {job for (job, _), count in counts.items() if count > 1}


def signed_page(
    parts: Sequence[str], title: str, end: str, came: Mapping[Unit, Mapping[str, Any]]
) -> list[tuple[str, Any]]:
    """Give status and output of a page that people have looked at; nothing where a review is not closed."""
    looks = [came.get(("looks", str(number))) for number in range(len(parts))]
    sign = came.get(("sign", None))
    if None in looks or sign is None:
        return []
    seen = [
        look["document"] or part
        for look, part in zip(looks, parts, strict=True)
        if look is not None and look["outcome"] != "rejected"
    ]
    last = UNSIGNED if sign["outcome"] == "rejected" else sign["document"] or title
    status = "needs_review" if sign["outcome"] == "undecided" else "ok"
    return [(status, "".join(f"{each}; " for each in seen) + f"{last}, {end}")]


def _asked_and_closed_once(evidence: Evidence) -> Iterator[str]:
    asked, closed = (Counter(name_of(event.data) for event in _of(evidence, kind)) for kind in ("asked", "closed"))
    for name in dict.fromkeys([*asked, *closed]):
        times = (asked[name], closed[name])
        if times != (1, 1) and (evidence.exactly_once or 0 in times):
            yield f"{name} was asked for and closed {times}"


def _decisions_count_once_and_in_time(evidence: Evidence) -> Iterator[str]:
    due = _due(evidence)
    closed, refused = _of(evidence, "closed"), _of(evidence, "refused")
    answers = Counter(event.data["command_id"] for event in (*closed, *refused) if event.data.get("command_id"))
    for each, decision in evidence.decisions.items():
        if answers[each] != 1 and (evidence.exactly_once or not answers[each]):
            yield f"{each} about {decision.name} has {answers[each]} answers"
    for event in closed:
        command_id = event.data.get("command_id")
        if command_id is None:
            continue
        decision = evidence.decisions[command_id]
        if (name_of(event.data), event.data["outcome"]) != (decision.name, _OUTCOMES[decision.verdict]):
            yield f"{command_id} was {decision}, and closed {name_of(event.data)} as {event.data['outcome']}"
        if not decision.is_fit:
            yield f"{command_id} was {decision}, and was taken"
        if _at(event) >= max(due[decision.name]):
            yield f"{command_id} was taken at {_at(event)}, and {decision.name} was due at {due[decision.name]}"


def _silence_is_what_the_workflow_says(evidence: Evidence) -> Iterator[str]:
    due = _due(evidence)
    for event in _of(evidence, "closed"):
        name, outcome = name_of(event.data), event.data["outcome"]
        if event.data.get("command_id") is not None or outcome == "called_off":
            continue
        if outcome != _IN_SILENCE[event.data["step_id"]]:
            yield f"nobody decided about {name}, and it is {outcome}"
        # By the wall clock of whoever had the timer then, which may have been wrong.
        if _at(event) + _FINEST < min(due[name]) and not evidence.faults.clock_jumps:
            yield f"{name} was given up at {_at(event)}, and due at {due[name]}"


def _refused_for_a_reason(evidence: Evidence) -> Iterator[str]:
    """Check each refusal: what is unfit is invalid, what is fit is not, and closed is what was closed before.

    Before by the log: the clock of whoever closed it may have been ahead.
    """
    closed_ms: dict[Name, int] = {}
    for event in _of(evidence, "closed"):
        closed_ms.setdefault(name_of(event.data), event.record.timestamp_ms)
    due = _due(evidence)
    for event in _of(evidence, "refused"):
        decision = evidence.decisions[event.data["command_id"]]
        reason, at = event.data["reason"], _at(event)
        was_closed = closed_ms.get(decision.name, inf) <= event.record.timestamp_ms
        is_right = {
            "invalid": not decision.is_fit,
            "late": at >= min(due[decision.name]),
            "closed": was_closed,
            "unknown": was_closed,
        }
        if not is_right.get(reason, False) and evidence.exactly_once:
            yield f"{event.data['command_id']}, {decision}, is refused as {reason} at {at}"


REVIEWED: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "a review is asked for once, and closed once": _asked_and_closed_once,
    "a decision counts once, and in time": _decisions_count_once_and_in_time,
    "where nobody decides it is as the workflow says": _silence_is_what_the_workflow_says,
    "a decision that changes nothing is told why": _refused_for_a_reason,
}


def _of(evidence: Evidence, kind: str) -> list[Happened]:
    return [
        event
        for event in evidence.every("reviews")
        if (dict(event.record.headers)["ce_type"] or b"").endswith(kind.encode())
    ]


def _due(evidence: Evidence) -> Mapping[Name, list[datetime]]:
    """Give until when each review might be decided: at least once it may be asked for twice."""
    found: dict[Name, list[datetime]] = {}
    for event in _of(evidence, "asked"):
        found.setdefault(name_of(event.data), []).append(datetime.fromisoformat(event.data["due"]))
    return found


def _at(event: Happened) -> datetime:
    return datetime.fromisoformat(event.data["decided"]["at"])
