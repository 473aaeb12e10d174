"""Reads dead letters from all dead-letter topics, or one of them by its place."""

from collections.abc import Callable, Sequence

from headchef_contracts import topics
from headchef_contracts.errors import UnknownTopic

from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.cli.letters.letter import Letter
from headchef.runtime.log.port import Log, Partition

_POLL_S = 1.0


def letter_topics(lanes: Sequence[str], entries: Sequence[str] = ()) -> list[str]:
    """Give the logical names of all dead-letter topics."""
    return [each.logical for each in topics.required(lanes, entries) if each.logical.endswith(".dlq")]


async def read_letters(
    log: Log, *, namespace: str, names: Sequence[str], max_records: int, progress: Callable[[int, int], None]
) -> tuple[list[Letter], int]:
    """Read the newest dead letters.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        names: logical names of dead-letter topics.
        max_records: at most this many of a partition.
        progress: told how many offsets are passed, of how many.

    Returns:
        The letters, oldest first, and how many older ones were not looked at.
    """
    logical = {topics.physical(namespace, name): name for name in names}
    found = await partitions_of(log, logical)
    if not found:
        raise WorkFailed("there are no dead-letter topics", "make the topics with `headchef topics create`")
    reader = await log.reader(f"{namespace}.dlq")
    try:
        parts = await stretches(reader, [each for group in found.values() for each in group], max_records)
        total = sum(part.end - part.start for part in parts)
        letters = [
            Letter(logical[record.topic], record)
            async for record in scan(reader, parts, lambda done: progress(done, total))
        ]
    finally:
        await reader.close()
    letters.sort(key=lambda letter: (letter.record.timestamp_ms, letter.place))
    return letters, sum(part.skipped for part in parts)


async def read_letter(log: Log, *, namespace: str, place: str) -> Letter:
    """Read one dead letter.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.
        place: `topic:partition:offset`, as `dlq list` shows it.

    Raises:
        WrongUsage: the place is none.
        WorkFailed: there is no record.
    """
    name, number, offset = split_place(place)
    partition = Partition(topics.physical(namespace, name), number)
    found = await partitions_of(log, [partition.topic])
    if partition not in found.get(partition.topic, ()):
        raise WorkFailed(f"there is no partition {number} of {partition.topic}", "see `headchef dlq list`")
    reader = await log.reader(f"{namespace}.dlq")
    try:
        earliest, end = (await reader.bounds([partition]))[partition]
        if not earliest <= offset < end:
            kept = f"has offsets {earliest} to {end - 1} only" if earliest < end else "keeps nothing in this partition"
            raise WorkFailed(f"{place}: the log {kept}", "see `headchef dlq list`")
        await reader.assign({partition: offset})
        while reader.position(partition) <= offset:
            polled = await reader.poll([partition], max_records=1, timeout_s=_POLL_S)
            for record in polled.get(partition, ()):
                if record.offset == offset:
                    return Letter(name, record)
    finally:
        await reader.close()
    raise WorkFailed(f"{place}: no record lies there", "see `headchef dlq list`")


def split_place(place: str) -> tuple[str, int, int]:
    """Take `topic:partition:offset` apart.

    Raises:
        WrongUsage: it is not of this form, or names no dead-letter topic.
    """
    name, *numbers = place.split(":")
    if len(numbers) != 2 or not all(number.isascii() and number.isdigit() for number in numbers):
        raise WrongUsage(f'"{place}" is not a place', "a place is topic:partition:offset, as `headchef dlq list` shows")
    name = name if name.endswith(".dlq") else f"{name}.dlq"
    try:
        topics.topic(name)
    except UnknownTopic as error:
        raise WrongUsage(f'"{place}": {error}') from error
    return name, int(numbers[0]), int(numbers[1])
