"""What must hold of what is asked, at first and again: the same question, under its own names, and what was wrong."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.oracle import Job
from tests.simulation.services import pair

_NOTHING = "(nothing)"
"""What a model is shown in place of a blank answer."""


def the_question_stays(evidence: Evidence) -> Iterator[str]:
    """Check each plan: it asks what the first one did, and shows its model one answer of its own at most."""
    first: dict[Job, Sequence[Any]] = {}
    for event in sorted(planned(evidence), key=lambda each: each.plan):
        question, shown = _asked_by(event)
        if question != first.setdefault(event.job, question):
            yield f"{event.job} plan {event.plan} asks {question}, and the first plan {first[event.job]}"
        if shown and [each["role"] for each in shown] != ["assistant", "user"]:
            yield f"{event.job} plan {event.plan} shows {len(shown)} messages beside the question"


def the_answer_that_was_rejected_is_shown(evidence: Evidence) -> Iterator[str]:
    """Check each plan: only a model whose answer was rejected is shown one, which is that, and all that is wrong."""
    completed = {event.spot: event for event in evidence.events("steps.completed")}
    judged = {event.spot: event for event in evidence.events("steps.judged")}
    for event in planned(evidence):
        before = judged.get(event.cause)
        shown = [message["content"]["inline"] for message in _asked_by(event)[1]]
        if before is not None and before.data["verdict"] == "hit_refused":
            # No model has said anything since: it is to be shown what it was to be shown before.
            right = _asked_by(event) == _asked_by(before)
        elif before is not None and before.data["verdict"] == "rejected" and _model_of(event) == _model_of(before):
            said = completed[before.cause].data["answer"]["output"]["inline"]
            right = shown[:1] == [said if said.strip() else _NOTHING] and all(
                finding["message"] in shown[-1] for finding in before.data["findings"]
            )
        else:
            right = not shown
        if not right:
            after = "nothing" if before is None else f"{before.data['verdict']} of {_model_of(before)}"
            yield f"{event.job} plan {event.plan} shows {_model_of(event)} after {after}: {shown}"


def asked_under_its_names(evidence: Evidence) -> Iterator[str]:
    """Check each plan, and each result of an answer: its hash is that of all that is said to the model.

    A fingerprint stands for one question to one model, whatever is shown beside it, and that has no other.
    """
    names: dict[str, bytes] = {}
    fingerprints: dict[bytes, str] = {}
    for event in planned(evidence):
        step, (question, _) = event.data["step"], _asked_by(event)
        request = step["request"]
        if step["prompt_sha256"] != _hash_of(request["messages"]):
            yield f"{event.job} plan {event.plan} has the hash of something else than {request['messages']}"
        about = (event.job.tenant, request["model"], question, request.get("output_schema"), request.get("parameters"))
        asked, fingerprint = orjson.dumps(about), step["fingerprint"]
        if names.setdefault(fingerprint, asked) != asked or fingerprints.setdefault(asked, fingerprint) != fingerprint:
            yield f"{event.job} plan {event.plan} asks {asked!r} as {fingerprint}, which is {names[fingerprint]!r}"
    completed = {event.spot: event for event in evidence.events("steps.completed")}
    for event in evidence.events("jobs.finished"):
        if (last := completed.get(event.cause)) is not None:
            told, messages = event.data["provenance"]["prompt_sha256"], last.data["step"]["request"]["messages"]
            if told != _hash_of(messages):
                yield f"{event.job} tells the hash of something else than {messages}"


def planned(evidence: Evidence) -> list[Happened]:
    """Give the plans of all jobs."""
    return [event for topic in pair("steps.planned") for event in evidence.events(topic)]


def _asked_by(event: Happened) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """Give the question of a step, and what is shown beside it."""
    step = event.data["step"]
    messages, count = step["request"]["messages"], step.get("question")
    return (messages, ()) if count is None else (messages[:count], messages[count:])


def _model_of(event: Happened) -> str:
    return str(event.data["step"]["request"]["model"])


def _hash_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """Hash all in some messages that an answer depends on, which hints to the provider's cache are no part of."""
    said = [
        [message["role"], message["content"]["inline"], *([message["images"]] if message.get("images") else [])]
        for message in messages
    ]
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
