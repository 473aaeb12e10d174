"""Reads all calls and results since a time from the log into an account."""

from collections.abc import Callable

from headchef_contracts import topics
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.steps import AttemptRecorded

from headchef.cli.faults import WorkFailed
from headchef.cli.history.reading import open_record
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.cli.spending.account import Account
from headchef.cli.spending.by import By
from headchef.runtime.log.port import Log

_TOPICS = ("attempts.recorded", "jobs.finished")


async def add_up(
    log: Log, *, namespace: str, by: By, since_ms: float, max_records: int, progress: Callable[[int, int], None]
) -> tuple[Account, int, int]:
    """Add up what was spent.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        by: whose calls are added up.
        since_ms: milliseconds of the epoch; what was written before is left out.
        max_records: at most this many of the newest offsets of a partition are looked at.
        progress: told how many offsets are passed, of how many.

    Returns:
        The account, how many older records were not looked at, and how many could not be read.

    Raises:
        WorkFailed: there are no such topics.
    """
    names = {topics.physical(namespace, name): name for name in _TOPICS}
    found = await partitions_of(log, names)
    if len(found) < len(names):
        raise WorkFailed("there are no topics of calls and results", "make the topics with `headchef topics create`")
    account, unreadable = Account(by), 0
    reader = await log.reader(f"{namespace}.spend")
    try:
        parts = await stretches(reader, [each for group in found.values() for each in group], max_records)
        total = sum(part.end - part.start for part in parts)
        async for record in scan(reader, parts, lambda done: progress(done, total)):
            if record.timestamp_ms < since_ms:
                continue
            hop = open_record(names[record.topic], record)
            if isinstance(hop.event, AttemptRecorded):
                account.attempt(hop.event_id, hop.event)
            elif isinstance(hop.event, JobFinished):
                account.result(hop.event_id, hop.event)
            else:
                unreadable += 1
    finally:
        await reader.close()
    return account, sum(part.skipped for part in parts), unreadable
