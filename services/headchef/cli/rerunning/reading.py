"""Reads what is known of jobs: their results, refusals, and the records by which they were submitted."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from headchef_contracts import topics
from headchef_contracts.events.common import JOB_CLASSES
from headchef_contracts.events.jobs import JobFinished, JobRefused, JobSubmitted

from headchef.cli.faults import WorkFailed
from headchef.cli.following.feed import open_feed
from headchef.cli.history.reading import open_record
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.cli.rerunning.choice import Submitted
from headchef.cli.screen import Meter
from headchef.router.claims import NOT_ALLOWED
from headchef.runtime.log.port import Log

_POLL_S = 0.25
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Ends:
    """What jobs have come to.

    Attributes:
        results: all that there are.
        refused: what was not taken.
    """

    results: Sequence[JobFinished]
    refused: Sequence[JobRefused]


async def ends_of(log: Log, namespace: str, meter: Meter) -> Ends:
    """Read all results and refusals that are there now.

    Raises:
        WorkFailed: a topic does not exist, or holds what this version cannot read.
    """
    feed = await open_feed(log, namespace, "start")
    results, refused, total = list[JobFinished](), list[JobRefused](), feed.left
    try:
        while feed.left:
            for outcome in await feed.next(_POLL_S):
                if isinstance(outcome.event, JobFinished):
                    results.append(outcome.event)
                else:
                    refused.append(outcome.event)
            meter.update(total - feed.left, total, "results")
    finally:
        await feed.close()
    return Ends(results, refused)


async def submissions_of(
    log: Log,
    namespace: str,
    job_ids: Collection[str],
    meter: Meter,
    *,
    refused: Iterable[JobRefused] = (),
    entries: Sequence[str] = (),
) -> list[Submitted]:
    """Read the records of jobs at all front doors, in the order in which they were submitted.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        job_ids: the jobs.
        meter: told how far the reading is.
        refused: of which those are left out that claimed a tenant which they may not: they are nobody's job.
        entries: those beside the public one.

    Raises:
        WorkFailed: there is no front door.
    """
    doors = {
        topics.physical(namespace, topics.of_class(topics.door(entry), job_class)): (job_class, entry)
        for entry in (None, *entries)
        for job_class in JOB_CLASSES
    }
    of_others = {
        (topics.physical(namespace, each.source.topic), each.source.partition, each.source.offset)
        for each in refused
        if each.reason == NOT_ALLOWED
    }
    partitions = await partitions_of(log, doors)
    if not partitions:
        raise WorkFailed("there is no topic of jobs", "make the topics with `headchef topics create`")
    found: list[tuple[int, Submitted]] = []
    reader = await log.reader(f"{namespace}.rerun")
    try:
        parts = await stretches(reader, [each for all_of in partitions.values() for each in all_of], _MOST)
        total = sum(part.end - part.start for part in parts)
        async for record in scan(reader, parts, lambda done: meter.update(done, total, "jobs")):
            job = open_record("jobs.submitted", record).event
            place = (record.topic, record.partition, record.offset)
            if isinstance(job, JobSubmitted) and job.job_id in job_ids and place not in of_others:
                found.append((record.timestamp_ms, Submitted(job, *doors[record.topic])))
    finally:
        await reader.close()
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]
