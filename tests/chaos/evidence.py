"""What a run has left: results, copies, the bill, and when each task has said something."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.silence import Hop
from tests.support.collector import Collected
from tests.support.pipeline import PROCESSORS, Pipeline

_OUTPUTS = ("steps.planned", "steps.dispatched.default", "steps.completed", "jobs.finished")

Place = tuple[str, int, int]
"""Logical topic, partition, offset."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What a reader sees of a transaction that was undone.

    Attributes:
        topic: where it lies.
        event_id: its `ce_id`.
        has_twin: a committed record of the topic has the same id.
        was_redone: something else was committed for the same input.
    """

    topic: str
    event_id: str
    has_twin: bool
    was_redone: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the figures of a run are made of.

    Attributes:
        accepted: jobs whose publishing was acknowledged.
        results: event ids of the results of each job, as a read_committed reader sees them.
        misplaced: records in dead-letter topics and refusals; every job was a good one.
        copies: what only a read_uncommitted reader sees.
        calls: on the provider's bill.
        recorded: calls that are on record, repetitions of the same event not counted.
        tries: the tries of steps that these calls were.
        hops: what each processor has handled, by its name.
    """

    accepted: Collection[str]
    results: Mapping[str, Sequence[str]]
    misplaced: int
    copies: Sequence[Copy]
    calls: int
    recorded: int
    tries: int
    hops: Mapping[str, Sequence[Hop]]


def gather(pipeline: Pipeline, accepted: Collection[str], calls: int) -> Evidence:
    """Look at a pipeline that has come to rest.

    Args:
        pipeline: settled.
        accepted: jobs.
        calls: on the provider's bill.
    """
    attempts = pipeline.of("attempts.recorded")
    results: dict[str, list[str]] = defaultdict(list)
    for record in pipeline.of("jobs.finished"):
        results[record.event["job"]["job_id"]].append(record.headers["ce_id"])
    return Evidence(
        accepted=accepted,
        results=results,
        misplaced=sum(len(pipeline.of(topic)) for topic in pipeline.topics if topic.endswith(".dlq"))
        + len(pipeline.of("jobs.refused")),
        copies=_copies(pipeline),
        calls=calls,
        recorded=len({record.headers["ce_id"] for record in attempts}),
        tries=len({(it.event["job"]["job_id"], it.event["plan"], it.event["number"]) for it in attempts}),
        hops=_hops(pipeline),
    )


def write_down(pipeline: Pipeline, path: Path) -> None:
    """Write a line for each partition, and for each record that a read_committed reader sees: where, when, why."""
    with path.open("w") as out:
        for name, number, end, stable_end, places in pipeline.standing():
            line = {"topic": name, "partition": number, "end": end, "stable_end": stable_end, "places": places}
            out.write(json.dumps(line) + "\n")
        for topic in pipeline.topics:
            for record in pipeline.of(topic):
                job = record.event.get("job") or record.event.get("step", {}).get("job") or record.event
                line = {
                    "topic": topic,
                    "partition": record.partition,
                    "offset": record.offset,
                    "written_ms": _written_ms(record),
                    "event_id": record.headers.get("ce_id"),
                    "job_id": job.get("job_id"),
                    "causes": record.event.get("decided", {}).get("causes"),
                }
                out.write(json.dumps(line) + "\n")


def _hops(pipeline: Pipeline) -> Mapping[str, Sequence[Hop]]:
    processors = {topic: name for name, inputs in PROCESSORS.items() for topic in inputs}
    asked = {(topic, it.partition, it.offset): _written_ms(it) for topic in processors for it in pipeline.of(topic)}
    found: dict[str, list[Hop]] = defaultdict(list)
    for topic in _OUTPUTS:
        for record in pipeline.of(topic):
            # A step that waited for its next try was not waiting for its task.
            if record.event.get("attempts", 0) <= 1:
                cause = _cause(record)
                found[processors[cause[0]]].append(Hop(cause[1], asked[cause], _written_ms(record)))
    return found


def _copies(pipeline: Pipeline) -> Sequence[Copy]:
    found = []
    for topic, records in pipeline.undone().items():
        if not records or topic.endswith(".dlq"):
            continue
        committed = pipeline.of(topic)
        ids = {it.headers["ce_id"] for it in committed}
        causes = {_cause(it) for it in committed}
        for record in records:
            event_id = record.headers["ce_id"]
            found.append(Copy(topic, event_id, event_id in ids, _cause(record) in causes))
    return found


def _cause(record: Collected) -> Place:
    # The first is the input; a verdict that answers it may follow.
    cause = record.event["decided"]["causes"][0]
    return str(cause["topic"]), int(cause["partition"]), int(cause["offset"])


def _written_ms(record: Collected) -> int:
    return int(record.message.timestamp()[1])
