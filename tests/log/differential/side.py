"""One of the two logs as the machine drives it: its processes, producers and readers by number, on its own loop."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from headchef.runtime.errors import LogError, OffsetLost
from headchef.runtime.log.port import Commit, Log, NewRecord, Partition, Producer, Reader
from tests.log.differential.views import Failed, Outcome, View, viewed
from tests.support.backends import Backend
from tests.support.eventually import PATIENCE_S

T = TypeVar("T")

PROCESSES = 2
TRANSACTION_TIMEOUT_S = 600.0
"""More than a sequence takes, on either log's clock: no transaction ends by time, which is not the same on both."""

_ANSWER_S = PATIENCE_S
_POLL_S = 0.02


class Side:
    """A log, and what one sequence of operations has made on it.

    Args:
        loop: where everything of this log runs; time stands still for it between two operations.
        backend: the log.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, backend: Backend) -> None:
        self._loop = loop
        self._backend = backend
        self._processes: list[Log] = []
        self._producers: list[Producer] = []
        self._record_failures: dict[int, set[str]] = {}
        self._readers: list[Reader] = []
        self._assigned: list[list[Partition]] = []

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something to its end on this log's loop."""

        async def bounded() -> T:
            async with asyncio.timeout(_ANSWER_S):
                return await work

        return self._loop.run_until_complete(bounded())

    async def open(self, topics: Mapping[str, int], compacted: Collection[str], max_message_bytes: int) -> None:
        """Make the topics of a sequence, with so many partitions each, and the processes with a reader each."""
        await asyncio.gather(
            *(
                self._backend.make_topic(
                    partitions, name=name, max_message_bytes=max_message_bytes, compacted=name in compacted
                )
                for name, partitions in topics.items()
            )
        )
        for number in range(PROCESSES):
            log = self._backend.process(f"p{number}", transaction_timeout_s=TRANSACTION_TIMEOUT_S)
            self._processes.append(log)
            self._readers.append(await log.reader(f"r{number}"))
            self._assigned.append([])
        # A partition made just now may have no leader yet.
        await self._readers[0].bounds(_partitions(topics))

    async def close(self) -> None:
        """End the processes."""
        for log in self._processes:
            await self._backend.kill(log)

    async def start(self, process: int, transactional_id: str | None) -> Outcome:
        """Start another producer."""
        producer = self._processes[process].producer(f"w{len(self._producers)}", transactional_id)
        self._producers.append(producer)
        return await _outcome(producer.start())

    async def begin(self, producer: int) -> Outcome:
        begun = await _outcome(self._producers[producer].begin())
        if begun == "ok":
            self._record_failures.pop(producer, None)
        return begun

    async def send(self, producer: int, records: Sequence[NewRecord]) -> Outcome:
        """Send, and await what became of each record."""
        return await self._sent(producer, records, _nothing)

    async def send_offsets(self, producer: int, group: str, offsets: Mapping[Partition, Commit]) -> Outcome:
        return await _outcome(self._producers[producer].send_offsets(group, offsets))

    async def end(self, producer: int, *, committed: bool) -> Outcome:
        chosen = self._producers[producer]
        return self._ended(producer, await _outcome(chosen.commit() if committed else chosen.abort()))

    async def transact(
        self,
        producer: int,
        records: Sequence[NewRecord],
        group: str,
        offsets: Mapping[Partition, Commit],
        *,
        committed: bool,
    ) -> Outcome:
        """Send, and end the transaction without waiting for what becomes of the records."""
        chosen = self._producers[producer]

        async def finish() -> tuple[Outcome, Outcome]:
            placed = await _outcome(chosen.send_offsets(group, offsets))
            return placed, await _outcome(chosen.commit() if committed else chosen.abort())

        outcomes, (placed, ended) = await self._sent(producer, records, finish)
        return outcomes, placed, self._ended(producer, ended)

    async def abandon(self, producer: int) -> Outcome:
        self._producers[producer].abandon()
        return "ok"

    async def close_producer(self, producer: int) -> Outcome:
        return await _outcome(self._producers[producer].close())

    async def assign(self, reader: int, positions: Mapping[Partition, int]) -> Outcome:
        self._assigned[reader] = list(positions)
        return await _outcome(self._readers[reader].assign(positions))

    async def read_on(self, reader: int, max_records: int) -> Outcome:
        """Read every assigned partition to its end as it is now, one by one; give up one whose place is lost."""
        return [await self._read_on(reader, each, max_records) for each in list(self._assigned[reader])]

    async def grow(self, topic: str, partitions: int) -> Outcome:
        await self._backend.grow_topic(topic, partitions)
        return "ok"

    async def delete_records(self, partition: Partition, before_offset: int) -> Outcome:
        deleted = await _outcome(self._backend.delete_records(partition, before_offset))
        for reader, assigned in zip(self._readers, self._assigned, strict=True):
            # Again, since a reader of Kafka may have fetched already what is deleted now.
            await reader.assign({each: reader.position(each) for each in assigned})
        return deleted

    async def delete_group_offsets(self, group: str) -> Outcome:
        return await _outcome(self._backend.delete_group_offsets(group))

    async def ends(self, topics: Mapping[str, int]) -> Mapping[Partition, int]:
        """Give where the next entry of any kind goes: an end that has come says that markers are written."""
        return await self._backend.ends(_partitions(topics))

    async def committed(
        self, groups: Collection[str], topics: Mapping[str, int]
    ) -> Mapping[str, Mapping[Partition, Commit]]:
        log = self._processes[0]
        return {group: await log.committed(group, _partitions(topics)) for group in groups}

    async def view(self, topics: Mapping[str, int]) -> View:
        """Give all that can be seen of some topics."""
        log = self._processes[0]
        partitions = _partitions(topics)
        return View(
            counts=dict(await log.partition_counts(list(topics))),
            bounds=dict(await self._readers[0].bounds(partitions)),
            committed=[viewed(each) for topic in topics for each in await self._backend.read_committed(topic)],
            everything=[viewed(each) for topic in topics for each in await self._backend.read_all(topic)],
        )

    async def _sent(
        self, producer: int, records: Sequence[NewRecord], then: Callable[[], Awaitable[T]]
    ) -> tuple[Sequence[Outcome], T]:
        outcomes: list[Outcome]
        try:
            waiting = await self._producers[producer].send(records)
        except LogError as error:
            # Whether a refusal comes at once or record by record is each log's own.
            after, outcomes = await then(), [_failed(error)] * len(records)
        else:
            after = await then()
            outcomes = [await _outcome(each) for each in waiting]
        kinds = {each.kind for each in outcomes if isinstance(each, Failed)}
        self._record_failures.setdefault(producer, set()).update(kinds)
        return outcomes, after

    def _ended(self, producer: int, outcome: Outcome) -> Outcome:
        """Leave open which of several records that failed a commit tells of: their answers come in any order."""
        told_of = self._record_failures.get(producer, ())
        return "a record failed" if isinstance(outcome, Failed) and outcome.kind in told_of else outcome

    async def _read_on(self, reader: int, partition: Partition, max_records: int) -> Outcome:
        chosen, found = self._readers[reader], []
        # Within a batch of an open transaction that is deleted in part, Kafka's end lies before its start.
        goal = max((await chosen.bounds([partition]))[partition])
        end = (await self._backend.ends([partition]))[partition]
        try:
            while chosen.position(partition) < goal or chosen.position(partition) > end:
                polled = await chosen.poll([partition], max_records=max_records, timeout_s=_POLL_S)
                found += [viewed(each) for each in polled.get(partition, ())]
        except OffsetLost as lost:
            self._assigned[reader].remove(partition)
            return found, "OffsetLost", lost.partition, lost.wanted, lost.earliest
        return found, chosen.position(partition)


async def _nothing() -> None:
    return


async def _outcome(work: Awaitable[object]) -> Outcome:
    try:
        await work
    except (LogError, ValueError) as error:
        return _failed(error)
    return "ok"


def _failed(error: Exception) -> Failed:
    return Failed(type(error).__name__, str(error))


def _partitions(topics: Mapping[str, int]) -> list[Partition]:
    return [Partition(topic, number) for topic, count in topics.items() for number in range(count)]
