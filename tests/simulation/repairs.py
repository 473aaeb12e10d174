"""What must hold where jobs ask for checks and repairs: what passes, what is asked again, of whom, and how often."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from tests.simulation.candidates import ended_by_a_router, too_late
from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.oracle import Job
from tests.simulation.order import order_of
from tests.simulation.services import pair
from tests.simulation.taste import SOUR

_MOST_IN_A_ROW = 2


def answers_pass(evidence: Evidence) -> Iterator[str]:
    """Check each answer that was accepted: it does not say what its job does not want, whoever else it satisfied."""
    for event, payload in _finished(evidence):
        if event.data["status"] == "ok" and _output_of(payload).get("checks") and SOUR in str(event.data["output"]):
            yield f"{event.job} does not want {SOUR!r}, and got {event.data['output']}"


def repaired_as_often_as_said(evidence: Evidence) -> Iterator[str]:
    """Check each result: no more answers were rejected before than may be, and if the last one was, exactly as many.

    Unless it was too late when a router was to ask for another, and it says so.
    """
    for event, payload in _finished(evidence):
        rejected = [each for each in _tried(event.data["provenance"]) if _was_rejected(each)]
        may = _output_of(payload).get("repairs", 0)
        says_so = any(finding["check"] == "repair" for finding in event.data.get("findings", ()))
        ended_early = says_so and ended_by_a_router(event) and too_late(event)
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
    for event in _planned(evidence):
        step = event.data["step"]
        tries = [*step.get("tried", ()), {"model": step["request"]["model"]}]
        groups = [list(group) for _, group in groupby(tries, key=lambda each: str(each["model"]))]
        for group in groups[:-1]:
            if len(group) == 1 and _was_rejected(group[0]):
                yield f"{event.job} plan {event.plan}: {group[0]['model']} was not asked to put its answer right"


def the_question_stays(evidence: Evidence) -> Iterator[str]:
    """Check each plan: it asks what the first one did, and shows its model one answer of its own at most."""
    first: dict[Job, list[Any]] = {}
    names: dict[tuple[Job, str], str] = {}
    for event in sorted(_planned(evidence), key=lambda each: each.plan):
        step = event.data["step"]
        messages, count = step["request"]["messages"], step.get("question")
        question = messages[:count]
        if question != first.setdefault(event.job, question):
            yield f"{event.job} plan {event.plan} asks {question}, and the first plan {first[event.job]}"
        if count is not None and [each["role"] for each in messages[count:]] != ["assistant", "user"]:
            yield f"{event.job} plan {event.plan} shows {len(messages) - count} messages beside the question"
        name = names.setdefault((event.job, step["request"]["model"]), step["fingerprint"])
        if step["fingerprint"] != name:
            yield f"{event.job} plan {event.plan} has another fingerprint than the question of its model"


def only_what_is_sour_is_rejected(evidence: Evidence) -> Iterator[str]:
    """Check each answer that was rejected: it says what its job does not want, as no job here asks for more."""
    said = [(event.job, event.data["said"]) for event in evidence.events("steps.judged") if "said" in event.data]
    said += [
        (event.job, event.data["output"]) for event, _ in _finished(evidence) if event.data["status"] == "rejected"
    ]
    yield from (
        f"{job} had an answer rejected that is good: {answer}" for job, answer in said if SOUR not in str(answer)
    )


def the_answer_that_was_rejected_is_shown(evidence: Evidence) -> Iterator[str]:
    """Check each plan that shows an answer: its model gave it, as the last to be rejected, and is told what is wrong.

    That need not be in the plan before, as a reused answer may have been refused since.
    """
    gave: dict[tuple[Job, int, str], set[str]] = {}
    for event in evidence.events("steps.completed"):
        if (answer := event.data.get("answer")) is not None:
            said = gave.setdefault((event.job, event.plan, event.data["step"]["request"]["model"]), set())
            said.add(answer["output"]["inline"])
    for event in _planned(evidence):
        step = event.data["step"]
        if step.get("question") is None:
            continue
        model, rejected = step["request"]["model"], _tried(step)[-1]
        shown, told = (message["content"]["inline"] for message in step["request"]["messages"][-2:])
        if not _was_rejected(rejected) or shown not in gave.get((event.job, rejected["plan"], model), ()):
            yield f"{event.job} plan {event.plan} shows {model} what it did not say, or what was not rejected: {shown}"
        if SOUR not in told:
            yield f"{event.job} plan {event.plan} does not say what is wrong: {told}"


def _finished(evidence: Evidence) -> Iterator[tuple[Happened, Mapping[str, Any]]]:
    for event in evidence.events("jobs.finished"):
        if (payload := evidence.expected.accepted.get(event.job)) is not None:
            yield event, payload


def _planned(evidence: Evidence) -> list[Happened]:
    return [event for topic in pair("steps.planned") for event in evidence.events(topic)]


def _output_of(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    output: Mapping[str, Any] = payload.get("output", {})
    return output


def _tried(provenance: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    tried: Sequence[Mapping[str, Any]] = provenance.get("tried", ())
    return tried


def _was_rejected(tried: Mapping[str, Any]) -> bool:
    return bool(tried["failure"]["reason"] == "rejected")
