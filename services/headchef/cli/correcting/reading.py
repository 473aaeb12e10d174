"""Reads what is known of the answers of one job: one partition of each topic whose key is the job."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headchef_contracts import placement, topics
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.steps import StepCompleted

from headchef.cli.history.reading import JobFilter
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.runtime.log.port import Log

_BY_JOB = ("steps.completed", "jobs.finished")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a job has come to, so far as the topics know it still.

    Attributes:
        steps: of all its steps, in the order of their ends.
        results: of all its runs and revisions, likewise.
        skipped: older records that were not looked at.
    """

    steps: Sequence[StepCompleted]
    results: Sequence[JobFinished]
    skipped: int = 0


async def answers_of(
    log: Log, namespace: str, job_id: str, *, max_records: int, progress: Callable[[int, int], None]
) -> Answers:
    """Read them.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        job_id: the job.
        max_records: at most this many of the newest offsets of a partition are looked at.
        progress: told how many offsets have been passed, and how many there are.
    """
    logical = {topics.physical(namespace, name): name for name in _BY_JOB}
    found = await partitions_of(log, logical)
    chosen = [each[placement.partition_for(job_id.encode(), len(each))] for each in found.values()]
    wanted, steps, results = JobFilter(job_id), list[StepCompleted](), list[JobFinished]()
    reader = await log.reader(f"{namespace}.correct")
    try:
        parts = await stretches(reader, chosen, max_records)
        total = sum(part.end - part.start for part in parts)
        async for record in scan(reader, parts, lambda done: progress(done, total)):
            hop = wanted.read(logical[record.topic], record)
            event = None if hop is None else hop.event
            if isinstance(event, StepCompleted):
                steps.append(event)
            elif isinstance(event, JobFinished):
                results.append(event)
    finally:
        await reader.close()
    return Answers(steps, results, sum(part.skipped for part in parts))
