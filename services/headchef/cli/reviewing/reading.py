"""Reads which reviews are open: those that were asked for, and of which nothing says that they are closed."""

from collections.abc import Callable
from dataclasses import dataclass

from headchef_contracts import topics
from headchef_contracts.events.common import JobHead
from headchef_contracts.events.reviews import ReviewAsked, ReviewClosed

from headchef.cli.faults import WorkFailed
from headchef.cli.history.reading import open_record
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.runtime.log.port import Log

TOPIC = "reviews"

Name = tuple[str, str, int, int, str, str | None]
"""Tenant, job, run, revision, step and item: of these there is one review."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the topic tells.

    Attributes:
        open: reviews that are open, the one that is due first first.
        unreadable: records of other releases.
        skipped: older records that were not looked at.
    """

    open: tuple[ReviewAsked, ...]
    unreadable: int
    skipped: int


def name_of(job: JobHead, step_id: str, item: str | None) -> Name:
    """Name a review."""
    return job.tenant, job.job_id, job.run, job.revision, step_id, item


def unit_of(step_id: str, item: str | None) -> str:
    """Say which step, or which item of it: `sign_off` or `sign_off[engine]`."""
    return step_id if item is None else f"{step_id}[{item}]"


async def open_reviews(log: Log, namespace: str, *, max_records: int, progress: Callable[[int, int], None]) -> Found:
    """Read all reviews that are open.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.
        max_records: at most this many of the newest offsets of a partition are looked at.
        progress: told how many offsets are passed, of how many.

    Raises:
        WorkFailed: there is no topic of reviews.
    """
    name = topics.physical(namespace, TOPIC)
    found = await partitions_of(log, [name])
    if name not in found:
        raise WorkFailed(f"there is no topic {name}", "make the topics with `headchef topics create`")
    asked: dict[Name, ReviewAsked] = {}
    # A topic that has grown may have the end of a review in another partition, which is read before its beginning.
    closed: set[Name] = set()
    unreadable = 0
    reader = await log.reader(f"{namespace}.reviews")
    try:
        parts = await stretches(reader, found[name], max_records)
        total = sum(part.end - part.start for part in parts)
        async for record in scan(reader, parts, lambda done: progress(done, total)):
            hop = open_record(TOPIC, record)
            match hop.event:
                case ReviewAsked() as event:
                    if (called := name_of(event.job, event.step_id, event.item)) not in closed:
                        asked[called] = event
                case ReviewClosed() as event:
                    called = name_of(event.job, event.step_id, event.item)
                    closed.add(called)
                    asked.pop(called, None)
                case None:
                    unreadable += 1
    finally:
        await reader.close()
    left = sorted(asked.values(), key=lambda each: (each.due, each.job.job_id, each.item or ""))
    return Found(tuple(left), unreadable, sum(part.skipped for part in parts))
