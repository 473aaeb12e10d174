"""Transactional ids: epochs that fence former owners, transactions that end by decision or by time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from headchef.runtime.clock import Clock
from headchef.runtime.errors import ProducerBroken, ProducerFenced
from headchef.runtime.log.memory.offsets import Written
from headchef.runtime.log.memory.partition import PartitionLog
from headchef.runtime.log.memory.timers import Timers
from headchef.runtime.log.memory.transaction import Transaction
from headchef.runtime.log.port import Partition


@dataclass(frozen=True, slots=True)
class Identity:
    """What a producer got when it started: its transactional id, and the epoch that makes it the owner."""

    transactional_id: str
    epoch: int


@dataclass(slots=True)
class _Owner:
    """A transactional id: its epoch, its transaction time-out, and its newest transaction."""

    epoch: int
    timeout_s: float
    transaction: Transaction | None = None

    @property
    def open(self) -> Transaction | None:
        """Give the transaction that is not decided yet."""
        newest = self.transaction
        return newest if newest is not None and newest.committed is None else None


class TransactionCoordinator:
    """Decides who may write under a transactional id, and ends transactions.

    Args:
        clock: what time-outs are measured with.
        timers: runs the markers and the search for timed-out transactions.
        partition: finds a partition's log.
        place: sets a group's committed offsets.
        sweep_s: how often timed-out transactions are looked for while any is open; ten seconds in Kafka.
        marker_delay_s: time until each marker is written, after the decision.
    """

    def __init__(
        self,
        clock: Clock,
        timers: Timers,
        partition: Callable[[Partition], PartitionLog],
        place: Callable[[str, Mapping[Partition, Written]], None],
        sweep_s: float,
        marker_delay_s: float,
    ) -> None:
        self._clock = clock
        self._timers = timers
        self._partition = partition
        self._place = place
        self._sweep_s = sweep_s
        self._marker_delay_s = marker_delay_s
        self._owners: dict[str, _Owner] = {}
        self._sweeping = False

    def start(self, transactional_id: str, timeout_s: float) -> Identity:
        """Give a transactional id a new owner: the former is fenced and its open transaction aborted.

        The new owner waits for `unfinished` before it goes on.
        """
        owner = self._owners.setdefault(transactional_id, _Owner(-1, timeout_s))
        owner.epoch += 1
        owner.timeout_s = timeout_s
        if owner.open is not None:
            self._decide(owner.open, committed=False)
        return Identity(transactional_id, owner.epoch)

    def unfinished(self, identity: Identity) -> Transaction | None:
        """Give the transaction that is decided but has not reached every partition; nothing may begin before it has."""
        newest = self._owners[identity.transactional_id].transaction
        if newest is None or newest.committed is None or newest.ended.is_set():
            return None
        return newest

    def open(self, identity: Identity) -> Transaction:
        """Give the owner's open transaction, or open one. Raises ProducerFenced for a former owner."""
        owner = self._owner(identity)
        transaction = owner.open
        if transaction is None:
            transaction = owner.transaction = Transaction(self._clock.monotonic())
            self._sweep_later()
        return transaction

    def end(self, identity: Identity, *, committed: bool) -> None:
        """Decide the owner's transaction. Deciding the same twice is no error.

        Raises:
            ProducerFenced: the caller is not the owner, or the transaction timed out.
            ProducerBroken: the transaction was decided the other way, or there was none.
        """
        newest = self._owner(identity).transaction
        if newest is None or newest.committed is (not committed):
            raise ProducerBroken(f"{identity.transactional_id}: no transaction that could be ended so")
        if newest.committed is None:
            self._decide(newest, committed=committed)

    def forget_offsets(self, group: str) -> None:
        """Take a group's offsets out of all open transactions."""
        for owner in self._owners.values():
            if owner.open is not None:
                owner.open.offsets.pop(group, None)

    def _owner(self, identity: Identity) -> _Owner:
        owner = self._owners[identity.transactional_id]
        if owner.epoch != identity.epoch:
            raise ProducerFenced(
                f"{identity.transactional_id}: epoch {identity.epoch} is no longer the owner, {owner.epoch} is"
            )
        return owner

    def _decide(self, transaction: Transaction, *, committed: bool) -> None:
        transaction.committed = committed
        self._go_on(self._finish(transaction))

    def _go_on(self, steps: Iterator[None]) -> None:
        for _ in steps:
            self._timers.after(self._marker_delay_s, lambda: self._go_on(steps))
            return

    def _finish(self, transaction: Transaction) -> Iterator[None]:
        """Take the decision to each partition and group; at each pause others go on."""
        for partition in transaction.partitions:
            yield
            self._partition(partition).mark(transaction)
        for group, offsets in transaction.offsets.items():
            yield
            if transaction.committed:
                self._place(group, offsets)
        transaction.ended.set()

    def _sweep_later(self) -> None:
        if not self._sweeping:
            self._sweeping = True
            self._timers.after(self._sweep_s, self._sweep)

    def _sweep(self) -> None:
        self._sweeping = False
        now_s = self._clock.monotonic()
        for owner in self._owners.values():
            transaction = owner.open
            if transaction is None:
                continue
            if now_s - transaction.began_s >= owner.timeout_s:
                owner.epoch += 1
                self._decide(transaction, committed=False)
            else:
                self._sweep_later()
