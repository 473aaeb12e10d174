"""What must hold of verdicts: which answers are accepted, rejected and settled, and what is said of those rejected."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.services import pair
from tests.simulation.taste import Wrong, broken_by

_WORDS = {"jobs.finished": "status", "steps.judged": "verdict", "cache.settled": "verdict"}
"""Where verdicts stand."""

_ACCEPTED = frozenset({"ok", "accepted"})
_REJECTED = frozenset({"rejected", "hit_refused"})

_NOTED = "repair"
"""A finding that is about no answer: it says why no other was asked for."""


class _Verdict(NamedTuple):
    """What was said of an answer.

    Attributes:
        event: a result, a step handed back, or what is settled for the cache.
        word: its status or verdict.
        said: the answer.
        wanted: of it, by its job.
        wrong: what is wrong with it, worked out anew.
    """

    event: Happened
    word: str
    said: str
    wanted: Mapping[str, Any]
    wrong: Wrong | None

    def __str__(self) -> str:
        return f"{self.word} in {self.event.spot} is {self.said!r}, of which {self.wanted} was wanted"


def what_is_accepted_is_good(evidence: Evidence) -> Iterator[str]:
    """Check each answer that was not rejected, for a result or for the cache: nothing is wrong with it."""
    for each in _verdicts(evidence, *_WORDS):
        if each.wrong is not None and each.word not in _REJECTED:
            yield f"{each}: {each.wrong}"


def what_is_rejected_is_bad(evidence: Evidence) -> Iterator[str]:
    """Check each answer that was not accepted: something is wrong with it."""
    yield from (f"{each}" for each in _verdicts(evidence, *_WORDS) if not each.wrong and each.word not in _ACCEPTED)


def results_have_the_answer(evidence: Evidence) -> Iterator[str]:
    """Check each result of an answer: that is its output, read where it is good and was to have a form."""
    for each in _verdicts(evidence, "jobs.finished"):
        read = orjson.loads(each.said) if each.wrong is None and "schema" in each.wanted else each.said
        if each.event.data["output"] != {"inline": read}:
            yield f"{each}: the output is {each.event.data['output']}"


def the_findings_say_what_is_wrong(evidence: Evidence) -> Iterator[str]:
    """Check whatever tells of a rejected answer, at once or as one that was tried before: it names the broken check."""
    for each in _verdicts(evidence, "jobs.finished", "steps.judged"):
        if (found := _checks_of(each.event.data) - {_NOTED}) != ({each.wrong} - {None}):
            yield f"{each}: it is said to break {found}"
    for topic in (*pair("steps.planned"), "steps.judged", "jobs.finished"):
        for event in evidence.events(topic):
            for tried in _tried_in(event.data):
                if (tried["failure"]["reason"] == "rejected") != bool(tried.get("findings")):
                    yield f"{topic}: {event.job} plan {tried['plan']} came to {tried['failure']}, {_checks_of(tried)}"


def _verdicts(evidence: Evidence, *topics: str) -> Iterator[_Verdict]:
    """Give what was said of each answer; where a router ends a job, that is of the one that was handed back to it."""
    completed, judged = (
        {event.spot: event for event in evidence.events(topic)} for topic in ("steps.completed", "steps.judged")
    )
    for topic in topics:
        for event in evidence.events(topic):
            handed_back = judged.get(event.cause)
            step = completed.get(event.cause if handed_back is None else handed_back.cause)
            payload = None if step is None else evidence.expected.accepted.get(step.job)
            if (event.data.get("failure") or {}).get("reason") == "budget_exceeded":
                continue  # No answer is judged: a reused one was refused, and another is not to be paid for.
            if step is not None and payload is not None and (answer := step.data.get("answer")) is not None:
                said, wanted = answer["output"]["inline"], payload.get("output", {})
                yield _Verdict(event, event.data[_WORDS[topic]], said, wanted, broken_by(wanted, said))


def _tried_in(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from data.get("step", data.get("provenance", {})).get("tried", ())
    if (failed := data.get("failed")) is not None:
        yield failed


def _checks_of(data: Mapping[str, Any]) -> set[str]:
    return {finding["check"] for finding in data.get("findings", ())}
