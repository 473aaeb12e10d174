"""Finds letters that were sent back before: what went back names its letter, and lies behind it in the log."""

from collections.abc import Callable, Iterable, Sequence

from headchef_contracts import topics

from headchef.cli.history.scan import Stretch, scan
from headchef.cli.letters.redrive import REDRIVE_OF, Redrive
from headchef.runtime.log.port import Log, Partition, Record


async def sent_before(
    log: Log, redrives: Sequence[Redrive], *, namespace: str, progress: Callable[[int, int], None]
) -> set[str]:
    """Look behind each letter and behind the record that it was, to the ends of the two partitions.

    A record that was sent back and died again is found among the dead letters, also when its source has expired.

    Args:
        log: the cluster.
        redrives: letters that may have been sent back.
        namespace: first part of the topics' names.
        progress: told how many offsets are passed, of how many.

    Returns:
        The places of letters that were sent back, as far as the log still holds what was sent.
    """
    wanted = {each.letter.place.encode(): each for each in redrives}
    reader = await log.reader(f"{namespace}.dlq")
    try:
        starts = _starts(redrives, namespace)
        bounds = await reader.bounds(list(starts)) if starts else {}
        parts = [_behind(partition, starts[partition], *bounds[partition]) for partition in sorted(starts)]
        total = sum(part.end - part.start for part in parts)
        found: set[str] = set()
        async for record in scan(reader, parts, lambda done: progress(done, total)):
            found |= {each.letter.place for each in _named(record, wanted)}
        return found
    finally:
        await reader.close()


def _starts(redrives: Sequence[Redrive], namespace: str) -> dict[Partition, int]:
    starts: dict[Partition, int] = {}
    for each in redrives:
        dead = Partition(topics.physical(namespace, each.letter.topic), each.letter.record.partition)
        for partition, offset in ((each.source, each.offset), (dead, each.letter.record.offset)):
            starts[partition] = min(starts.get(partition, offset + 1), offset + 1)
    return starts


def _behind(partition: Partition, start: int, earliest: int, end: int) -> Stretch:
    # An offset past the end is one of a topic that was made anew since.
    first = max(earliest, start) if start <= end else earliest
    return Stretch(partition, first, end, 0)


def _named(record: Record, wanted: dict[bytes, Redrive]) -> Iterable[Redrive]:
    """Give the letters that a record says it was. Anybody can say so: it must be the same record too."""
    for name, value in record.headers:
        if name == REDRIVE_OF and value is not None and (named := wanted.get(value)) is not None:
            letter = named.letter.record
            if (record.key, record.value) == (letter.key, letter.value):
                yield named
