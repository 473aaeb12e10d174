"""Writes a batch piece by piece: outputs, then state, store by store, then offsets."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from headchef.runtime.clock import Clock
from headchef.runtime.errors import CommitRefused, LogUnavailable, ProducerBroken, ProducerFenced
from headchef.runtime.ledger import Ledger
from headchef.runtime.log.port import Log, NewRecord, Partition, Producer
from headchef.runtime.writers import Places, RecordsRefused, TakenOver, delivered

_COMMIT_WITHIN_S = 60.0
"""A round refuses commits, and waits a session for a member that stands still."""

_COMMIT_PAUSE_S = 0.1


class AtLeastOnceWriter:
    """Outputs first; when all are acknowledged, the state; then the offsets, as a member of the group.

    In this order a crash in between repeats work. In any other it could lose some: a record that the state calls done
    is not done again, and one whose offset is committed is not read again. Of several stores each is acknowledged
    before the next is begun, so that a processor can say which of them is true if they differ.

    Args:
        log: the log.
        name: client id.
        group: whose offsets are committed.
        partitions: the task's inputs.
        ledger: of the task; here it holds births alone.
        changelogs: full names of the topics that hold the task's state, in the order in which they are written.
        commit: commits offsets as this process's member.
        clock: for pauses between tries.
    """

    def __init__(
        self,
        log: Log,
        *,
        name: str,
        group: str,
        partitions: Collection[Partition],
        ledger: Ledger,
        changelogs: Collection[str],
        commit: Callable[[Places], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._log = log
        self._group = group
        self._partitions = partitions
        self._ledger = ledger
        self._changelogs = tuple(changelogs)
        self._commit = commit
        self._clock = clock
        self._name = name
        self._producer: Producer = log.producer(name, None)
        self._broken = False

    async def start(self) -> TakenOver:
        """Connect, and read what was begun, then the places: births are written after them."""
        await self._connect()
        begun = (await self._ledger.read()).begun
        return TakenOver(await self._log.committed(self._group, self._partitions), begun)

    async def write(self, records: Sequence[NewRecord], places: Places) -> None:
        """Write a batch; records of a batch that fails half-way may be visible twice, with the same event ids."""
        if self._broken:
            await self._connect()
        try:
            for part in self._outputs_and_state(records):
                await delivered(dict(zip(part, await self._producer.send(list(part.values())), strict=True)))
        except (RecordsRefused, LogUnavailable, ProducerBroken):
            self._broken = True
            raise
        await self._committed(places)

    async def _committed(self, places: Places) -> None:
        due_s = self._clock.monotonic() + _COMMIT_WITHIN_S
        while True:
            try:
                return await self._commit(places)
            except CommitRefused as error:
                if self._clock.monotonic() >= due_s:
                    raise ProducerFenced(f"{self._name}: the group no longer takes its offsets: {error}") from error
            await self._clock.sleep(_COMMIT_PAUSE_S)

    def _outputs_and_state(self, records: Sequence[NewRecord]) -> list[dict[int, NewRecord]]:
        """Divide a batch into what is sent one after the other, each by index; a part without records is left out."""
        outputs: dict[int, NewRecord] = {}
        stores: dict[str, dict[int, NewRecord]] = {name: {} for name in self._changelogs}
        for index, record in enumerate(records):
            stores.get(record.topic, outputs)[index] = record
        return [part for part in (outputs, *stores.values()) if part]

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
