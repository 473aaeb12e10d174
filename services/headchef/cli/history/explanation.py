"""Puts a job's history into words and figures: when each hop was, what was asked, what came out, what it cost."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from headchef_contracts.events.jobs import JobFinished, JobRefused
from headchef_contracts.events.steps import (
    AttemptRecorded,
    Message,
    StepCompleted,
    StepDispatched,
    StepJudged,
    StepPlanned,
)

from headchef.cli.history.describe import body_value, describe, image_value
from headchef.cli.history.gather import History
from headchef.cli.history.hop import Hop


@dataclass(frozen=True, slots=True)
class Line:
    """One hop of the story.

    Attributes:
        hop: the event.
        since_start_ms: after the first event, by the writers' clocks.
        since_cause_ms: after the latest event that led to it, or after the one before; None for the first.
        words: what happened.
    """

    hop: Hop
    since_start_ms: int
    since_cause_ms: int | None
    words: str


def story(history: History) -> list[Line]:
    """Tell the hops with the times between them."""
    told: list[Line] = []
    at: dict[tuple[str, int, int], int] = {}
    start = min((hop.timestamp_ms for hop in history.hops), default=0)
    for hop in history.hops:
        causes = [at[cause] for cause in hop.causes if cause in at]
        before = max(causes) if causes else (told[-1].hop.timestamp_ms if told else None)
        since_cause = None if before is None else hop.timestamp_ms - before
        told.append(Line(hop, hop.timestamp_ms - start, since_cause, describe(hop)))
        at[hop.place] = hop.timestamp_ms
    return told


def messages(history: History) -> list[dict[str, Any]]:
    """Give the messages of the newest plan, as the model was asked them; none where a job has several steps."""
    for hop in reversed(history.hops):
        if isinstance(hop.event, StepPlanned | StepDispatched | StepCompleted | StepJudged):
            step = hop.event.step
            return [_message(message) for message in step.request.messages] if step.workflow is None else []
    return []


def _message(message: Message) -> dict[str, Any]:
    shown = {"images": [image_value(image) for image in message.images]} if message.images else {}
    return {"role": message.role, **shown, "content": body_value(message.content)}


def answer(history: History) -> Any:
    """Give what came out: the validated output, or what the model said, or None."""
    for kind in (JobFinished, StepCompleted):
        for hop in reversed(history.hops):
            if isinstance(hop.event, kind):
                if isinstance(hop.event, JobFinished):
                    return body_value(hop.event.output)
                return body_value(hop.event.answer.output) if hop.event.answer else None
    return None


def last_result(history: History) -> JobFinished | JobRefused | None:
    """Give the newest result or refusal, or None while there is none."""
    return next((hop.event for hop in reversed(history.hops) if isinstance(hop.event, JobFinished | JobRefused)), None)


def attempts(history: History) -> list[AttemptRecorded]:
    """Give all calls that were made for the job."""
    return [hop.event for hop in history.hops if isinstance(hop.event, AttemptRecorded)]


def as_json(job_id: str, history: History) -> dict[str, Any]:
    """Give the whole story as one JSON value."""
    result = last_result(history)
    finished = result if isinstance(result, JobFinished) else None
    return {
        "job_id": job_id,
        "status": finished.status if finished else ("refused" if result else "unfinished"),
        "cost_usd": str(finished.cost_usd) if finished and finished.cost_usd is not None else None,
        "usage": finished.usage.model_dump() if finished else None,
        "model": finished.provenance.model if finished else None,
        "tried": [each.model_dump(mode="json") for each in finished.provenance.tried] if finished else [],
        "workflow": finished.provenance.workflow if finished else None,
        "steps": [each.model_dump(mode="json") for each in finished.provenance.steps] if finished else [],
        "held": history.held,
        "waits": [
            {"step_id": each.step_id, "item": each.item, "job_id": each.job_id, "since": each.since.isoformat()}
            for each in history.waits
        ],
        "elapsed_ms": max((line.since_start_ms for line in story(history)), default=0),
        "events": [_line_as_json(line) for line in story(history)],
        "prompt": messages(history),
        "answer": answer(history),
        "findings": [finding.model_dump() for finding in finished.findings] if finished else [],
        "skipped_records": dict(history.skipped),
        "missing_topics": list(history.missing),
    }


def _line_as_json(line: Line) -> dict[str, Any]:
    hop = line.hop
    return {
        "topic": hop.topic,
        "partition": hop.partition,
        "offset": hop.offset,
        "at": datetime.fromtimestamp(hop.timestamp_ms / 1000, UTC).isoformat(),
        "since_start_ms": line.since_start_ms,
        "since_cause_ms": line.since_cause_ms,
        "type": hop.event_type,
        "id": hop.event_id,
        "what": line.words,
        "event": _value(hop),
    }


def _value(hop: Hop) -> Any:
    try:
        return orjson.loads(hop.value)
    except orjson.JSONDecodeError:
        return hop.value.decode("utf-8", "replace")
