"""Reads what else is known of a job's questions: earlier verdicts, what was invalidated or found wrong, and bounds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from headchef_contracts import placement, topics
from headchef_contracts.events.bounds import BoundSet
from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.corrections import AnswerWithdrawn
from headchef_contracts.events.invalidations import CacheInvalidated

from headchef.cli.broadcast import entries
from headchef.cli.history.reading import open_record
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.runtime.log.port import Log

_SETTLED, _INVALIDATED, _WITHDRAWN, _BOUNDS = "cache.settled", "cache.invalidated", "answers.withdrawn", "cache.bounds"


@dataclass(frozen=True, slots=True)
class Past:
    """What is known beside the history of the job.

    Attributes:
        verdicts: on what was asked under each fingerprint, the earliest first.
        invalidated: what holds no longer, with the time until which it concerns answers.
        withdrawn: what people have found wrong, by fingerprint.
        bounds: all that is still known of what was said of pools, by account, the newest last.
    """

    verdicts: Mapping[str, Sequence[CacheSettled]]
    invalidated: Sequence[tuple[CacheInvalidated, datetime]]
    withdrawn: Mapping[str, AnswerWithdrawn]
    bounds: Mapping[str, Sequence[BoundSet]]


async def past_of(log: Log, namespace: str, fingerprints: Collection[str], max_records: int) -> Past:
    """Read it.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        fingerprints: of the questions, and of those that were near to them.
        max_records: at most this many of the newest offsets of a partition are looked at.

    Raises:
        WrongUsage: a topic is missing.
    """
    invalidated = [
        (event, datetime.fromtimestamp(record.timestamp_ms / 1000, UTC))
        for record in await entries(log, namespace, _INVALIDATED)
        if isinstance(event := open_record(_INVALIDATED, record).event, CacheInvalidated)
    ]
    withdrawn, bounds = dict[str, AnswerWithdrawn](), dict[str, list[BoundSet]]()
    for record in await entries(log, namespace, _WITHDRAWN):
        if isinstance(event := open_record(_WITHDRAWN, record).event, AnswerWithdrawn):
            withdrawn[event.fingerprint] = event
    for record in await entries(log, namespace, _BOUNDS):
        if isinstance(event := open_record(_BOUNDS, record).event, BoundSet):
            bounds.setdefault(event.account, []).append(event)
    return Past(await _verdicts(log, namespace, fingerprints, max_records), invalidated, withdrawn, bounds)


async def _verdicts(
    log: Log, namespace: str, fingerprints: Collection[str], max_records: int
) -> Mapping[str, Sequence[CacheSettled]]:
    name = topics.physical(namespace, _SETTLED)
    partitions = (await partitions_of(log, [name])).get(name, [])
    wanted = {placement.partition_for(each.encode(), len(partitions)) for each in fingerprints} if partitions else set()
    keys = {each.encode() for each in fingerprints}
    found: dict[str, list[CacheSettled]] = {}
    reader = await log.reader(f"{namespace}.explain")
    try:
        parts = await stretches(reader, [each for each in partitions if each.number in wanted], max_records)
        async for record in scan(reader, parts):
            if record.key in keys and isinstance(event := open_record(_SETTLED, record).event, CacheSettled):
                found.setdefault(event.fingerprint, []).append(event)
    finally:
        await reader.close()
    return {key: sorted(events, key=lambda each: each.settled_at) for key, events in found.items()}
