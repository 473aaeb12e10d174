"""Reads what became of questions, what their answers took, and what was said last of each pool."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headchef_contracts import topics
from headchef_contracts.events.bounds import BoundSet
from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.steps import StepCompleted, StepJudged

from headchef.cli.broadcast import entries
from headchef.cli.cache_stats.account import Account
from headchef.cli.faults import WorkFailed
from headchef.cli.history.reading import open_record
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.runtime.log.port import Log

BOUNDS = "cache.bounds"
_TOPICS = ("steps.completed", "steps.judged", "cache.settled")


@dataclass(frozen=True, slots=True)
class Read:
    """What was read.

    Attributes:
        account: of what became of questions.
        said: the newest that was said of each pool.
        skipped: older records that were not looked at.
        unreadable: records that could not be read.
    """

    account: Account
    said: Sequence[BoundSet]
    skipped: int
    unreadable: int


async def count_up(
    log: Log,
    *,
    namespace: str,
    tenant: str | None,
    since_ms: float,
    max_records: int,
    progress: Callable[[int, int], None],
) -> Read:
    """Count what became of questions.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        tenant: whose questions; None for all.
        since_ms: milliseconds of the epoch; what came to its end before is left out.
        max_records: at most this many of the newest offsets of a partition are looked at.
        progress: told how many offsets are passed, of how many.

    Raises:
        WorkFailed: there are no such topics.
    """
    names = {topics.physical(namespace, name): name for name in _TOPICS}
    found = await partitions_of(log, names)
    if len(found) < len(names):
        raise WorkFailed("there are no topics of questions", "make the topics with `headchef topics create`")
    said, unreadable = await bounds_said(log, namespace)
    account = Account(tenant, since_ms)
    reader = await log.reader(f"{namespace}.stats")
    try:
        parts = await stretches(reader, [each for group in found.values() for each in group], max_records)
        total = sum(part.end - part.start for part in parts)
        async for record in scan(reader, parts, lambda done: progress(done, total)):
            event = open_record(names[record.topic], record).event
            if isinstance(event, StepCompleted):
                account.completed(event, record.timestamp_ms)
            elif isinstance(event, CacheSettled):
                account.settled(event)
            elif isinstance(event, StepJudged):
                account.judged(event)
            else:
                unreadable += 1
    finally:
        await reader.close()
    return Read(account, said, sum(part.skipped for part in parts), unreadable)


async def bounds_said(log: Log, namespace: str) -> tuple[Sequence[BoundSet], int]:
    """Read what was said last of each pool.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.

    Returns:
        That, and how many records could not be read.

    Raises:
        WrongUsage: there is no such topic.
    """
    newest: dict[str, BoundSet] = {}
    unreadable = 0
    for record in await entries(log, namespace, BOUNDS):
        event = open_record(BOUNDS, record).event
        if isinstance(event, BoundSet):
            newest[event.account] = event
        elif record.value is not None:
            unreadable += 1
    return list(newest.values()), unreadable
