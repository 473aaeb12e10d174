"""Two ways to write a batch: records, state and offsets in one transaction, or one after the other.

Both take the same outputs again after a failure, as long as nobody else has moved the task on in between: outcomes
are kept in memory and no call is paid twice for a log's hiccup.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol

from headchef.runtime.clock import Clock
from headchef.runtime.errors import CommitRefused, LogUnavailable, ProducerBroken, ProducerFenced, SendFailed
from headchef.runtime.log.port import Commit, Log, NewRecord, Partition, Producer
from headchef.runtime.reached import Reached

Places = Mapping[Partition, Commit]


class RecordsRefused(Exception):
    """The log would not take some records of a batch; nothing of the batch is visible, or may be sent again.

    Args:
        reasons: what the log said, by index of the record in the batch.
    """

    def __init__(self, reasons: Mapping[int, SendFailed]) -> None:
        super().__init__(f"{len(reasons)} records refused")
        self.reasons = reasons


class Writer(Protocol):
    """Writes batches of one task."""

    async def start(self) -> Places:
        """Become the task's only writer, and give the places committed so far."""
        ...

    async def write(self, records: Sequence[NewRecord], places: Places) -> None:
        """Write a batch.

        Raises:
            RecordsRefused: the batch may be written again without, or with, those records.
            LogUnavailable: the same batch may be written again later.
            ProducerFenced: the task has another owner.
            ProducerBroken: what is committed must be read anew.
        """
        ...

    def abandon(self) -> None:
        """Drop all without waiting."""
        ...

    async def close(self) -> None:
        """Disconnect after the last batch."""
        ...


class ExactlyOnceWriter:
    """One transaction a batch, by one producer a task, which signs each.

    Where a commit got no answer, the places tell what became of it; but the next owner's first batch may have led to
    the same places. So each transaction also commits, as the metadata of one place that nobody reads on from, which
    producer made it.

    Args:
        log: the log.
        transactional_id: `<namespace>.<processor>.<task>`, also the client id; whoever starts it last owns the task.
        group: whose offsets are committed.
        partitions: the task's inputs.
        signed: a partition of the task that is none of its inputs, whose place bears the signature.
        reached: how far they have come in the sight of this process.
    """

    def __init__(
        self,
        log: Log,
        *,
        transactional_id: str,
        group: str,
        partitions: Collection[Partition],
        signed: Partition,
        reached: Reached,
    ) -> None:
        self._log = log
        self._transactional_id = transactional_id
        self._group = group
        self._partitions = partitions
        self._signed = signed
        self._reached = reached
        self._producer = log.producer(transactional_id, transactional_id)
        self._committed: dict[Partition, Commit] = {}
        self._attempted: dict[Partition, Commit] = {}
        self._stale = False

    async def start(self) -> Places:
        """Fence the former owner, whose open transaction ends, and read the places after that. May be called again."""
        self._committed = await self._taken_over()
        self._attempted = self._committed
        return {partition: place for partition, place in self._committed.items() if partition != self._signed}

    async def write(self, records: Sequence[NewRecord], places: Places) -> None:
        """Write a batch in one transaction; each send is awaited, since a failed one does not fail the transaction."""
        if self._stale and await self._renew():
            return
        producer = self._producer
        # Kept for the case that no answer comes: by the next try the places of the same batch may have moved on, past
        # offsets that are no records.
        signed = {**places, self._signed: Commit(0, producer.identity)}
        self._attempted = {**self._committed, **signed}
        try:
            await producer.begin()
            await _delivered(dict(enumerate(await producer.send(records))))
            await producer.send_offsets(self._group, signed)
        except (RecordsRefused, LogUnavailable):
            self._stale = True
            raise
        try:
            await producer.commit()
        except LogUnavailable:
            # Whether it was committed is known once the transactional id is ours again.
            self._stale = True
            if await self._renew():
                return
            raise
        self._committed = self._attempted
        self._reached.note(self._committed)

    async def _renew(self) -> bool:
        """Replace the producer and learn what became of the last transaction.

        Returns:
            True if what it attempted is committed.

        Raises:
            ProducerFenced: if somebody else has committed since.
        """
        found = await self._taken_over()
        if found not in (self._committed, self._attempted):
            raise ProducerFenced(
                f"{self._transactional_id}: another owner has committed in the meantime: {_offsets(found)}, "
                f"where this one had {_offsets(self._committed)} and attempted {_offsets(self._attempted)}"
            )
        committed = found == self._attempted and found != self._committed
        self._committed, self._attempted, self._stale = found, found, False
        return committed

    async def _taken_over(self) -> dict[Partition, Commit]:
        self._producer.abandon()
        self._producer = self._log.producer(self._transactional_id, self._transactional_id)
        await self._producer.start()
        found = dict(await self._log.committed(self._group, [*self._partitions, self._signed]))
        self._reached.note(found)
        return found

    def abandon(self) -> None:
        """Drop the producer without waiting; its transaction ends when the next owner starts, or by time."""
        self._producer.abandon()

    async def close(self) -> None:
        """Disconnect."""
        await self._producer.close()


class AtLeastOnceWriter:
    """Outputs first; when all are acknowledged, the state; then the offsets, as a member of the group.

    In this order a crash in between repeats work. In any other it could lose some: a record that the state calls done
    is not done again, and one whose offset is committed is not read again.

    Args:
        log: the log.
        name: client id.
        group: whose offsets are committed.
        partitions: the task's inputs.
        changelogs: full names of the topics that hold the task's state.
        commit: commits offsets as this process's member.
        clock: for pauses between tries.
    """

    _COMMIT_TRIES = 50
    _COMMIT_PAUSE_S = 0.1

    def __init__(
        self,
        log: Log,
        *,
        name: str,
        group: str,
        partitions: Collection[Partition],
        changelogs: Collection[str],
        commit: Callable[[Places], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._log = log
        self._group = group
        self._partitions = partitions
        self._changelogs = frozenset(changelogs)
        self._commit = commit
        self._clock = clock
        self._name = name
        self._producer: Producer = log.producer(name, None)
        self._broken = False

    async def start(self) -> Places:
        """Connect, and read the places. May be called again."""
        await self._connect()
        return await self._log.committed(self._group, self._partitions)

    async def write(self, records: Sequence[NewRecord], places: Places) -> None:
        """Write a batch; records of a batch that fails half-way may be visible twice, with the same event ids."""
        if self._broken:
            await self._connect()
        try:
            for part in self._outputs_and_state(records):
                await _delivered(dict(zip(part, await self._producer.send(list(part.values())), strict=True)))
        except (RecordsRefused, LogUnavailable, ProducerBroken):
            self._broken = True
            raise
        for attempt in range(self._COMMIT_TRIES):
            try:
                await self._commit(places)
            except CommitRefused as error:
                if attempt == self._COMMIT_TRIES - 1:
                    raise ProducerFenced(f"{self._name}: the group no longer takes its offsets: {error}") from error
                await self._clock.sleep(self._COMMIT_PAUSE_S)
            else:
                return

    def _outputs_and_state(self, records: Sequence[NewRecord]) -> list[dict[int, NewRecord]]:
        """Divide a batch into what is sent first and second, each by index; a part without records is left out."""
        outputs: dict[int, NewRecord] = {}
        state: dict[int, NewRecord] = {}
        for index, record in enumerate(records):
            (state if record.topic in self._changelogs else outputs)[index] = record
        return [part for part in (outputs, state) if part]

    async def _connect(self) -> None:
        self._producer.abandon()
        self._producer = self._log.producer(self._name, None)
        await self._producer.start()
        self._broken = False

    def abandon(self) -> None:
        """Drop the producer without waiting."""
        self._producer.abandon()

    async def close(self) -> None:
        """Disconnect."""
        await self._producer.close()


def _offsets(places: Places) -> str:
    return ", ".join(f"{partition.topic}[{partition.number}] {place.offset}" for partition, place in places.items())


async def _delivered(acknowledgements: Mapping[int, Awaitable[object]]) -> None:
    """Await every record, by index in its batch, also after one has failed: none may be left behind unseen."""
    refused: dict[int, SendFailed] = {}
    other: Exception | None = None
    for index, acknowledgement in acknowledgements.items():
        try:
            await acknowledgement
        except SendFailed as error:
            refused[index] = error
        except (LogUnavailable, ProducerFenced, ProducerBroken) as error:
            if other is None or isinstance(error, ProducerFenced):
                other = error
    if isinstance(other, ProducerFenced):
        raise other
    if refused:
        raise RecordsRefused(refused)
    if other is not None:
        raise other
