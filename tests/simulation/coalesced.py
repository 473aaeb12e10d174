"""What must hold of equal questions that are asked at once: one of them is, and the others wait for its answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from headchef_contracts.events.cache_use import REUSED

from headchef.cache.policy import COMPLETE
from tests.simulation.evidence import Evidence
from tests.simulation.history import ALL_DISPATCHED, Happened
from tests.simulation.kinds import EXACTLY_ONCE
from tests.simulation.moves import moved_from
from tests.simulation.oracle import Job
from tests.simulation.trail import Spot
from tests.support.virtual_time import START

_HEEDED_MS = 5_000
"""After a verdict nobody waits longer than this for what it says, where nothing is slow."""

_MOVING_S = 1.0
"""After the last process has come: a task that moves to it forgets who asks what nobody waits for."""

_ASKING = timedelta(seconds=9)
"""For so long after it was sent a question is being asked in any case: a little less than is waited for it."""


class Question(NamedTuple):
    """What is asked, and for whom."""

    tenant: str
    fingerprint: str


def _nobody_is_forgotten(evidence: Evidence) -> Iterator[str]:
    """Check in the end that nobody waits any more. At least once a crash may leave what a line was."""
    if evidence.exactly_once and evidence.in_time:
        yield from (f"somebody still waits in {key.decode()}: {line.decode()}" for key, line in evidence.lines.items())


def _never_for_bulk(evidence: Evidence) -> Iterator[str]:
    """Check each interactive step that has waited: somebody else of its class was asking the same.

    Or there was an answer when it came, of which it was not known whether it holds.
    """
    asked = _by_question(_dispatched(evidence))
    planned_ms = {each.spot: each.record.timestamp_ms for each in evidence.every("steps.planned")}
    settled_ms = {each.spot: each.record.timestamp_ms for each in _settled(evidence)}
    for event in _waited(evidence):
        others = (each for each in asked.get(_question(event), ()) if each.spot != event.spot)
        came, *why = (Spot(**cause) for cause in event.data["decided"]["causes"])
        was_answered = any(settled_ms[each] <= planned_ms.get(came, 0) for each in why if each in settled_ms)
        if not _is_bulk(event) and all(map(_is_bulk, others)) and not was_answered:
            yield f"{event.job} has waited for a bulk job"


def _one_call(evidence: Evidence) -> Iterator[str]:
    """Check each step that was sent to its model without waiting: nobody for whom it could was being answered."""
    if not _undisturbed(evidence):
        return
    settled_down = START + timedelta(seconds=evidence.caches_joined_s + _MOVING_S)
    verdicts: dict[tuple[Question, str], list[int]] = {}
    for said in _settled(evidence):
        about = _settled_question(said), said.data["source_job_id"]
        verdicts.setdefault(about, []).append(said.record.timestamp_ms)
    for question, sent in _by_question(_dispatched(evidence)).items():
        for event in (each for each in sent if _could_wait(each, evidence)):
            for earlier in sent:
                since_ms, until_ms = earlier.record.timestamp_ms, event.record.timestamp_ms
                # Two runs or steps of one job cannot be told apart by a verdict, which names the job.
                if (
                    earlier.job.job_id != event.job.job_id
                    and _decided_at(earlier) > settled_down
                    and earlier.data["cache"]["kind"] != "bypass"
                    and (_is_bulk(event) or not _is_bulk(earlier))
                    and timedelta() < _decided_at(event) - _decided_at(earlier) < _ASKING
                    and not any(
                        since_ms <= at_ms <= until_ms for at_ms in verdicts.get((question, earlier.job.job_id), ())
                    )
                ):
                    yield f"{event.job} was sent to its model while {earlier.job} was asking the same"


def _one_then_twice_as_many(evidence: Evidence) -> Iterator[str]:
    """Check how many go on after a verdict without an answer: one at first, and then as many again and one.

    At least once a verdict may be handled again when the line knows of it already: then two rounds go on.
    """
    if not evidence.exactly_once:
        return
    for question, sent in _by_question(_dispatched(evidence)).items():
        released: dict[tuple[str, int, int], set[Job]] = {}
        # In the order of the log: clocks may jump.
        for event in sorted(sent, key=lambda each: each.record.timestamp_ms):
            causes = event.data["decided"]["causes"]
            if "waited_s" in event.data["cache"] and len(causes) > 1:
                verdict = causes[1]
                place = (verdict["topic"], verdict["partition"], verdict["offset"])
                released.setdefault(place, set()).add(event.job)
        before = 0
        for together in map(len, released.values()):
            if together > before + 1:
                yield f"{together} steps that asked {question} were sent on at once, {before} before"
            before += together


def _answered_by_the_first_answer(evidence: Evidence) -> Iterator[str]:
    """Check each step that has waited: it did not wait on when there was an answer, which nobody had taken back."""
    if not _undisturbed(evidence) or evidence.invalidations or evidence.withdrawn:
        return
    answers: dict[Question, list[int]] = {}
    for event in _settled(evidence):
        if (answer := event.data["answer"]) is not None and answer["finish_reason"] in COMPLETE:
            answers.setdefault(_settled_question(event), []).append(event.record.timestamp_ms)
    for event in _waited(evidence):
        end_ms = event.record.timestamp_ms
        began_ms = end_ms - event.data["cache"]["waited_s"] * 1000
        if any(began_ms < at_ms < end_ms - _HEEDED_MS for at_ms in answers.get(_question(event), ())):
            yield f"{event.job} waited on when there was an answer"


COALESCED: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "nobody who waits for an answer is forgotten": _nobody_is_forgotten,
    "nobody who is waited for waits for a bulk job": _never_for_bulk,
    "equal questions that are asked at once cost one call": _one_call,
    "after a question was asked in vain it is not asked by all at once": _one_then_twice_as_many,
    "who waits is given the first answer": _answered_by_the_first_answer,
}


def _undisturbed(evidence: Evidence) -> bool:
    """Say whether no process died or stood still, nothing moved, and the log was there."""
    faults = evidence.faults
    if evidence.kind != EXACTLY_ONCE or faults.lose_calls or faults.two_owners or evidence.store.loss is not None:
        return False
    return not any((faults.stops, faults.clock_jumps, faults.refused_records, faults.old_places))


def _could_wait(event: Happened, evidence: Evidence) -> bool:
    """Say whether a step that was sent might have waited: not if it had, or its job was late or cancelled."""
    cache, head = event.data["cache"], event.head
    bounded = head.get("deadline") is not None or event.data["step"].get("deadline") is not None
    if cache["kind"] == "bypass" or "waited_s" in cache or bounded:
        return False
    return not any(said.event.action == "cancel" for said in evidence.said)


def _dispatched(evidence: Evidence) -> list[Happened]:
    sent = (event for topic in ALL_DISPATCHED for event in evidence.every(topic))
    return [event for event in sent if moved_from(event) is None]


def _waited(evidence: Evidence) -> list[Happened]:
    completed = (each for each in evidence.every("steps.completed") if each.data["cache"]["kind"] in REUSED)
    return [event for event in (*_dispatched(evidence), *completed) if "waited_s" in event.data["cache"]]


def _settled(evidence: Evidence) -> Sequence[Happened]:
    return evidence.every("cache.settled")


def _by_question(events: Iterable[Happened]) -> Mapping[Question, Sequence[Happened]]:
    found: dict[Question, list[Happened]] = {}
    for event in events:
        found.setdefault(_question(event), []).append(event)
    return found


def _question(event: Happened) -> Question:
    return Question(event.job.tenant, event.data["step"]["fingerprint"])


def _settled_question(event: Happened) -> Question:
    return Question(event.data["tenant"], event.data["fingerprint"])


def _is_bulk(event: Happened) -> bool:
    return bool(event.head.get("class") == "bulk")


def _decided_at(event: Happened) -> datetime:
    return datetime.fromisoformat(event.data["decided"]["at"])
