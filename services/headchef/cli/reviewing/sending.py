"""Sends decisions, and waits until the router has said what became of each."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.reviews import CommandRefused, ReviewClosed, ReviewDecided

from headchef.cli.faults import WorkFailed
from headchef.cli.history.reading import open_record
from headchef.cli.history.scan import partitions_of
from headchef.cli.reviewing.reading import TOPIC
from headchef.runtime.clock import Clock
from headchef.runtime.errors import SendFailed
from headchef.runtime.log.port import Log, NewRecord, Partition, Reader

COMMANDS = "jobs.commands"
_SOURCE = "/headchef/cli"
_POLL_RECORDS = 1_000
_POLL_S = 0.25
_WINDOW = 100

Answer = ReviewClosed | CommandRefused


async def send(
    log: Log,
    namespace: str,
    commands: Sequence[ReviewDecided],
    *,
    timeout_s: float,
    stop: asyncio.Event,
    clock: Clock,
    told: Callable[[int], None],
) -> dict[str, Answer]:
    """Send decisions, and wait for what becomes of them.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        commands: the decisions; each for the partition that it names.
        timeout_s: seconds without any answer, after which no more are waited for.
        stop: ends the waiting.
        clock: for the time-out.
        told: is told how many have been answered.

    Returns:
        The answers, by the commands' ids; those that are not there had none in time.

    Raises:
        WorkFailed: the topics do not exist, or the log does not take a command.
    """
    answers = await _open(log, namespace)
    try:
        await _publish(log, namespace, commands, clock.now())
        return await answers.of({each.command_id for each in commands}, timeout_s, stop, clock, told)
    finally:
        await answers.close()


async def _publish(log: Log, namespace: str, commands: Sequence[ReviewDecided], at: datetime) -> None:
    producer = log.producer(f"{namespace}.review", None)
    await producer.start()
    try:
        for first in range(0, len(commands), _WINDOW):
            records = [_record(each, namespace, at) for each in commands[first : first + _WINDOW]]
            for acknowledged in await producer.send(records):
                await acknowledged
    except SendFailed as refused:
        raise WorkFailed(f"the log does not take the decision: {refused}") from refused
    finally:
        await producer.close()


def _record(command: ReviewDecided, namespace: str, at: datetime) -> NewRecord:
    written = registry.write(command)
    attributes = cloudevents.Attributes(
        id=command.command_id,
        source=_SOURCE,
        type=command.event_type,
        version=written.version,
        time=at,
        subject=command.job_id,
    )
    name, key = topics.physical(namespace, COMMANDS), topics.key_of(COMMANDS, command)
    return NewRecord(name, written.data, key, command.home_partition, cloudevents.to_headers(attributes))


class _Answers:
    def __init__(self, reader: Reader, partitions: Collection[Partition]) -> None:
        self._reader = reader
        self._partitions = list(partitions)

    async def of(
        self, wanted: set[str], timeout_s: float, stop: asyncio.Event, clock: Clock, told: Callable[[int], None]
    ) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        last_s = clock.monotonic()
        while len(found) < len(wanted) and not stop.is_set() and clock.monotonic() - last_s < timeout_s:
            polled = await self._reader.poll(self._partitions, max_records=_POLL_RECORDS, timeout_s=_POLL_S)
            for record in (record for records in polled.values() for record in records):
                event = open_record(TOPIC, record).event
                if isinstance(event, ReviewClosed | CommandRefused) and event.command_id in wanted:
                    # Of two the first: at least once a decision that was taken may be answered again as late.
                    found.setdefault(event.command_id, event)
                    last_s = clock.monotonic()
            told(len(found))
        return found

    async def close(self) -> None:
        await self._reader.close()


async def _open(log: Log, namespace: str) -> _Answers:
    names = [topics.physical(namespace, logical) for logical in (TOPIC, COMMANDS)]
    found = await partitions_of(log, names)
    if missing := [name for name in names if name not in found]:
        raise WorkFailed(f"there is no topic {missing[0]}", "make the topics with `headchef topics create`")
    reader = await log.reader(f"{namespace}.reviews")
    partitions = found[names[0]]
    bounds = await reader.bounds(partitions)
    await reader.assign({partition: end for partition, (_, end) in bounds.items()})
    return _Answers(reader, partitions)
