"""Works out anew what must come of each record in the front doors; it shares no code with the router."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from headchef_contracts.topics import logical

from headchef.runtime.log.port import Record
from tests.simulation.jobs import homes_of
from tests.simulation.process import NAMESPACE
from tests.simulation.submission import Submission


class Job(NamedTuple):
    """What names a job."""

    tenant: str
    job_id: str
    run: int
    revision: int


class Place(NamedTuple):
    """Where a record lies, by the logical name of its topic."""

    topic: str
    partition: int
    offset: int


@dataclass(slots=True)
class Expected:
    """What must come of the records.

    Attributes:
        accepted: the payload of each accepted job.
        classes: of each accepted job, those that it may be of: two where copies of it name none.
        refused: the raw bytes of each refused record.
        forwarded: the raw bytes of each record that lay in a wrong partition.
    """

    accepted: dict[Job, dict[str, Any]] = field(default_factory=dict)
    classes: dict[Job, set[str]] = field(default_factory=dict)
    refused: dict[Place, bytes | None] = field(default_factory=dict)
    forwarded: dict[Place, bytes | None] = field(default_factory=dict)


def expect(
    records: Iterable[Record], submissions: Sequence[Submission], counts: Sequence[int], sent_on: Collection[Place]
) -> Expected:
    """Say what must come of the records of both front doors, forwarded ones included.

    Args:
        records: as a read_committed reader sees them, each partition in ascending order.
        submissions: all that were submitted.
        counts: of the topic's partitions, one after the other if it has grown.
        sent_on: records of which there is a forwarded copy. Where the homes of a job differ, and its record lies in one
            of them, that alone tells what the router knew.
    """
    known = {submission.value: submission for submission in submissions}
    expected = Expected()
    for record in records:
        place = place_of(record)
        _judge(place, record.value, known[record.value], counts, place in sent_on, expected)
    return expected


def place_of(record: Record) -> Place:
    """Say where a record lies."""
    return Place(logical(NAMESPACE, record.topic) or record.topic, record.partition, record.offset)


def _judge(
    place: Place,
    value: bytes | None,
    submission: Submission,
    counts: Sequence[int],
    sent_on: bool,
    expected: Expected,
) -> None:
    if submission.kind == "skipped":
        return
    payload = submission.payload
    homes = frozenset[int]() if payload is None else homes_of(payload, counts)
    if homes and (place.partition not in homes or (len(homes) > 1 and sent_on)):
        expected.forwarded[place] = value
        return
    if payload is None or not homes or submission.kind == "refused":
        expected.refused[place] = value
        return
    job = job_of(payload)
    if job not in expected.accepted:
        expected.accepted[job] = payload
    elif expected.accepted[job] != payload:
        expected.refused[place] = value
        return
    by_door = "bulk" if place.topic.endswith(".bulk") else "interactive"
    expected.classes.setdefault(job, set()).add(payload.get("class", by_door))


def job_of(head: Mapping[str, Any]) -> Job:
    """Give the name of the job in a payload, or in the head that its events repeat."""
    return Job(head.get("tenant", "default"), head["job_id"], head.get("run", 0), head.get("revision", 0))
