"""Reads past questions that may be compared by their meaning, with their fresh answers, in their order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headchef_contracts import topics
from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Cause

from headchef.cache.policy import CachePolicy, worth_keeping
from headchef.cache.semantic.comparing import Fresh
from headchef.cache.semantic.near import MOST_CHARACTERS
from headchef.cli.faults import WorkFailed
from headchef.cli.history.hop import Hop
from headchef.cli.history.reading import open_record
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.runtime.log.port import Log

TOPIC = "cache.settled"


@dataclass(frozen=True, slots=True)
class Past:
    """What was read.

    Attributes:
        questions: in the order in which they were answered.
        skipped: older records that were not looked at.
    """

    questions: Sequence[Fresh]
    skipped: int


async def past_questions(
    log: Log,
    *,
    namespace: str,
    tenant: str | None,
    pool: str | None,
    policy: CachePolicy,
    max_records: int,
    progress: Callable[[int, int], None],
) -> Past:
    """Read them.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.
        tenant: whose; None for all.
        pool: of which pool; None for all.
        policy: how long answers serve.
        max_records: at most this many of the newest offsets of a partition are looked at.
        progress: told how many offsets are passed, of how many.

    Raises:
        WorkFailed: there is no such topic.
    """
    name = topics.physical(namespace, TOPIC)
    partitions = (await partitions_of(log, [name])).get(name)
    if not partitions:
        raise WorkFailed(f"there is no topic {name}", "make the topics with `headchef topics create`")
    found: dict[str, Fresh] = {}
    reader = await log.reader(f"{namespace}.simulate")
    try:
        parts = await stretches(reader, partitions, max_records)
        total = sum(part.end - part.start for part in parts)
        async for record in scan(reader, parts, lambda done: progress(done, total)):
            fresh = _fresh(open_record(TOPIC, record), policy)
            if fresh is None or tenant not in (None, fresh.settled.tenant) or pool not in (None, fresh.question.pool):
                continue
            # At least once the same may be there twice.
            found.setdefault(fresh.event_id, fresh)
    finally:
        await reader.close()
    ordered = sorted(found.values(), key=lambda each: (each.settled.settled_at, each.event_id))
    return Past(ordered, sum(part.skipped for part in parts))


def _fresh(hop: Hop, policy: CachePolicy) -> Fresh | None:
    """Give a question with its fresh answer; None for what the cache would not keep."""
    settled = hop.event
    if not isinstance(settled, CacheSettled) or settled.semantic is None or settled.asker is None:
        return None
    cause = Cause(topic=hop.topic, partition=hop.partition, offset=hop.offset)
    stored = worth_keeping(settled, cause, policy)
    if stored is None or len(settled.semantic.text) > MOST_CHARACTERS:
        return None
    return Fresh(f"{settled.tenant}\0{settled.asker.name}", cause, settled, settled.semantic, stored)
