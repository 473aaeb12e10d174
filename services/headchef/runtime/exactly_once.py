"""Writes a batch in one transaction: records, state and offsets, and the task's ledger."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from headchef.runtime.errors import LogUnavailable, ProducerFenced
from headchef.runtime.ledger import Entry, Ledger
from headchef.runtime.log.port import Commit, Log, NewRecord, Partition
from headchef.runtime.writers import Places, RecordsRefused, TakenOver, delivered

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a task stands, and the signature of the batch that led there; None before the first one."""

    signature: Commit | None
    places: Places


@dataclass(frozen=True, slots=True)
class _Found:
    """What a new owner finds: the standing, the inputs that were ever begun, and whether the group knows less."""

    standing: _Standing
    begun: frozenset[str]
    is_behind: bool


class ExactlyOnceWriter:
    """One transaction a batch, by one producer a task.

    Each transaction also notes in the task's ledger where it leaves the task, and is signed there and in the group:
    with its number, and who wrote it. So a batch whose commit got no answer is told from an heir's that leads to the
    same places. Where the group says other than the ledger, its coordinator has not caught up: the ledger counts.

    Args:
        log: the log.
        transactional_id: `<namespace>.<processor>.<task>`, also the client id; whoever starts it last owns the task.
        group: whose offsets are committed.
        partitions: the task's inputs.
        ledger: of the task; the group's place in its partition is the signature, and nobody reads on from there. One
            without metadata is nobody's: the places beside it were set by hand, and count.
    """

    def __init__(
        self,
        log: Log,
        *,
        transactional_id: str,
        group: str,
        partitions: Collection[Partition],
        ledger: Ledger,
    ) -> None:
        self._log = log
        self._transactional_id = transactional_id
        self._group = group
        self._partitions = partitions
        self._ledger = ledger
        self._producer = log.producer(transactional_id, transactional_id)
        self._committed = self._attempted = _Standing(None, {})
        self._stale = False

    async def start(self) -> TakenOver:
        """Fence the former owner, whose open transaction ends, read where that left the task, and tell the group."""
        found = await self._taken_over()
        self._committed, self._attempted, self._stale = found.standing, found.standing, False
        if found.is_behind:
            # Whoever measures what waits here asks the group, which would know nothing until a record comes.
            await self.write([], {})
        return TakenOver(self._committed.places, found.begun)

    async def write(self, records: Sequence[NewRecord], places: Places) -> None:
        """Write a batch in one transaction; each send is awaited, since a failed one does not fail the transaction."""
        if self._stale and await self._renew():
            return
        producer = self._producer
        number = 0 if self._committed.signature is None else self._committed.signature.offset
        entry = Entry(Commit(number + 1, producer.identity), {**self._committed.places, **places})
        # Kept for the case that no answer comes: by the next try the places of the same batch may have moved on, past
        # offsets that are no records.
        self._attempted = _Standing(entry.signature, entry.places)
        try:
            await producer.begin()
            await self._send([*records, self._ledger.entry(entry)])
            # All of them, though most are as before: the group is to know what the ledger says.
            await producer.send_offsets(self._group, {**entry.places, self._ledger.partition: entry.signature})
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

    async def _send(self, records: Sequence[NewRecord]) -> None:
        """Send a batch and its entry, which comes last."""
        try:
            await delivered(dict(enumerate(await self._producer.send(records))))
        except RecordsRefused as refused:
            outputs = {index: reason for index, reason in refused.reasons.items() if index < len(records) - 1}
            if not outputs:
                raise LogUnavailable(f"{self._transactional_id}: the ledger was refused: {refused}") from refused
            raise RecordsRefused(outputs) from refused

    async def _renew(self) -> bool:
        """Replace the producer and learn what became of the last transaction.

        Returns:
            True if what it attempted is committed.

        Raises:
            ProducerFenced: if somebody else has committed since.
        """
        found = (await self._taken_over()).standing
        if found not in (self._committed, self._attempted):
            raise ProducerFenced(
                f"{self._transactional_id}: another owner has committed in the meantime: {_offsets(found.places)}, "
                f"where this one had {_offsets(self._committed.places)} and attempted "
                f"{_offsets(self._attempted.places)}"
            )
        committed = found == self._attempted and found != self._committed
        self._committed, self._attempted, self._stale = found, found, False
        return committed

    async def _taken_over(self) -> _Found:
        self._producer.abandon()
        self._producer = self._log.producer(self._transactional_id, self._transactional_id)
        await self._producer.start()
        told = await self._ledger.read()
        places = dict(await self._log.committed(self._group, [*self._partitions, self._ledger.partition]))
        signature = places.pop(self._ledger.partition, None)
        entry = told.entry
        if entry is None:
            return _Found(_Standing(signature, places), told.begun, is_behind=False)
        if signature is not None and not signature.metadata:
            _log.warning("%s: going on from %s, set by hand", self._transactional_id, _offsets(places))
            return _Found(_Standing(entry.signature, places), told.begun, is_behind=False)
        asked = {partition: place for partition, place in entry.places.items() if partition in self._partitions}
        is_behind = signature != entry.signature or places != asked
        if is_behind:
            _log.warning(
                "%s: the group's coordinator is behind, with %s; going on from %s as the task's ledger says",
                self._transactional_id,
                _offsets(places) or "no places",
                _offsets(entry.places),
            )
        return _Found(_Standing(entry.signature, entry.places), told.begun, is_behind)

    def abandon(self) -> None:
        """Drop the producer without waiting; its transaction ends when the next owner starts, or by time."""
        self._producer.abandon()

    async def close(self) -> None:
        """Disconnect."""
        await self._producer.close()


def _offsets(places: Places) -> str:
    return ", ".join(f"{partition.topic}[{partition.number}] {place.offset}" for partition, place in places.items())
