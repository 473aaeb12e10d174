"""Reads the brakes that are set, and how many unfinished jobs one would concern."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headchef_contracts import topics
from headchef_contracts.events.brakes import BrakeScope, BrakeSet
from headchef_contracts.events.common import JOB_CLASSES

from headchef.brakes import TOPIC, Brakes
from headchef.cli.braking.counting import Count
from headchef.cli.broadcast import entries
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.history.reading import open_record
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.runtime.log.port import Log, Record

_ENTRY = "jobs.submitted"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand with a scope.

    Attributes:
        brakes: all that are set.
        unreadable: entries of other releases, or of none.
        count: the scope's unfinished jobs.
        skipped: older records that were not looked at.
    """

    brakes: Brakes
    unreadable: int
    count: Count
    skipped: int


async def brakes_set(log: Log, namespace: str) -> tuple[Brakes, int]:
    """Read all brakes that are set, and how many entries cannot be read.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.

    Raises:
        WrongUsage: there is no such topic.
    """
    brakes, unreadable = Brakes(), 0
    for record in await entries(log, namespace, TOPIC):
        event = open_record(TOPIC, record).event
        if isinstance(event, BrakeSet):
            brakes.take(event)
        else:
            unreadable += record.value is not None
    return brakes, unreadable


async def standing(
    log: Log,
    namespace: str,
    scope: BrakeScope,
    *,
    max_records: int,
    progress: Progress,
    entries: Sequence[str] = (),
) -> Standing:
    """Read the brakes, and count what is unfinished of a scope.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        scope: which.
        max_records: at most this many of the newest offsets of a partition are looked at.
        progress: told how many offsets are passed, of how many.
        entries: those beside the public one, of which some may be missing.

    Raises:
        WrongUsage: there are no brakes in this cluster, or no such lane.
        WorkFailed: there are no topics of jobs.
    """
    brakes, unreadable = await brakes_set(log, namespace)
    names = {topics.physical(namespace, name): name for name in _topics(scope, entries)}
    found = await partitions_of(log, names)
    for name, logical in names.items():
        if name not in found and topics.entry_of(logical) is None:
            raise _missing(name, logical, scope)
    entry = topics.physical(namespace, _ENTRY)
    count = Count(scope, len(found.get(entry, ())))
    reader = await log.reader(f"{namespace}.brakes")
    try:
        parts = await stretches(reader, [each for group in found.values() for each in group], max_records)
        total = sum(part.end - part.start for part in parts)
        async for record in scan(reader, parts, lambda done: progress(done, total)):
            _take(count, names[record.topic], record)
    finally:
        await reader.close()
    return Standing(brakes, unreadable, count, sum(part.skipped for part in parts))


def _topics(scope: BrakeScope, entries: Sequence[str]) -> list[str]:
    """Name what tells of a scope's jobs: which lane a job is at is known only where its step was sent there."""
    if scope.lane is None:
        doors = [topics.of_class(topics.door(entry), each) for entry in (None, *entries) for each in JOB_CLASSES]
        return [*doors, "jobs.refused", "jobs.finished"]
    sent = [topics.of_class(f"steps.dispatched.{scope.lane}", each) for each in JOB_CLASSES]
    return [*sent, "steps.completed"]


def _missing(name: str, logical: str, scope: BrakeScope) -> WrongUsage | WorkFailed:
    if logical.startswith("steps.dispatched."):
        return WrongUsage(f"--lane: the cluster has no lane {scope.lane}: there is no topic {name}")
    return WorkFailed(f"there is no topic {name}", "make the topics with `headchef topics create`")


def _take(count: Count, topic: str, record: Record) -> None:
    match topic:
        case "jobs.refused":
            count.refused(record)
        case "jobs.finished":
            count.finished(record)
        case "steps.completed":
            count.completed(record)
        case _ if topic.startswith(_ENTRY):
            count.submitted(topic, record)
        case _:
            count.dispatched(record)
