"""Writes to the in-memory log: acknowledged, without duplicates of its own, in transactions if it has an id."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum

from headchef.runtime.errors import LogRefused, ProducerBroken, ProducerFenced
from headchef.runtime.log.limits import check_group, check_metadata
from headchef.runtime.log.memory.cluster import Cluster
from headchef.runtime.log.memory.coordinator import Identity
from headchef.runtime.log.memory.process import Operation, Process
from headchef.runtime.log.memory.sender import Sender
from headchef.runtime.log.memory.transaction import Transaction
from headchef.runtime.log.port import Commit, NewRecord, Partition


class _State(Enum):
    NEW = "not started"
    READY = "ready"
    OPEN = "in a transaction"
    ENDING = "ending a transaction"
    DEAD = "dead"
    CLOSED = "closed"


class MemoryProducer:
    """A producer of the in-memory log.

    Args:
        cluster: the log.
        process: whose producer it is.
        transactional_id: None for a producer without transactions.
        transaction_timeout_s: after this long the log aborts an open transaction and fences its producer.
        alone: see `Sender`.
    """

    def __init__(
        self,
        cluster: Cluster,
        process: Process,
        transactional_id: str | None,
        transaction_timeout_s: float,
        alone: dict[str, None],
    ) -> None:
        self._cluster = cluster
        self._process = process
        self._transactional_id = transactional_id
        self._transaction_timeout_s = transaction_timeout_s
        self._identity: Identity | None = None
        self._state = _State.NEW
        self._death: ProducerFenced | ProducerBroken | None = None
        self._current: Transaction | None = None
        self._group: str | None = None
        self._sender = Sender(cluster, process, self, alone)

    @property
    def identity(self) -> str:
        """Its transactional id and the epoch that the coordinator gave it."""
        return "" if self._identity is None else f"{self._identity.transactional_id}/{self._identity.epoch}"

    async def start(self) -> None:
        """Connect; with a transactional id fence the former owner and wait for the end of its transaction.

        Raises:
            LogRefused: the log has no transactions.
            LogUnavailable: the log did not answer.
        """
        await self._process.request("init_producer", self._initialise)
        await self.former_finished()
        self._state = _State.READY

    async def begin(self) -> None:
        """Open a transaction; the log hears of it with the first record or offset. Raises as `send`."""
        await self._process.running()
        self._require(_State.READY)
        if self._identity is None:
            raise ProducerBroken("a producer without a transactional id has no transactions")
        self._current = self._group = None
        self._sender.failure = None
        self._state = _State.OPEN

    async def send(self, records: Sequence[NewRecord]) -> Sequence[Awaitable[object]]:
        """Hand records over; each awaitable ends when its record is acknowledged.

        Raises:
            ProducerFenced, ProducerBroken: the producer is dead; the awaitables raise these too, beside `SendFailed`.
            LogRefused: there is no such topic or partition.
        """
        await self._process.running()
        self._require(_State.READY if self._identity is None else _State.OPEN)
        return self._sender.put(records)

    async def send_offsets(self, group: str, offsets: Mapping[Partition, Commit]) -> None:
        """Put a group's offsets into the transaction.

        Raises:
            ValueError: metadata over 4,000 characters, or a second group.
            ProducerFenced, ProducerBroken: the producer is dead.
            LogUnavailable: the log did not answer.
        """
        check_metadata(offsets)
        check_group(group, self._group)
        self._require(_State.OPEN)
        await self.former_finished()
        await self._request("send_offsets", lambda: self._put_offsets(group, offsets))
        self._group = group

    async def commit(self) -> None:
        """Make all of the transaction visible.

        Raises:
            SendFailed: a record was not taken; only an abort is left.
            ProducerFenced, ProducerBroken: the producer is dead, and nothing was committed.
            LogUnavailable: the log did not answer; the outcome is unknown and the producer no longer usable.
        """
        await self._end("commit", committed=True)

    async def abort(self) -> None:
        """Make all of the transaction void. Raises as `commit`, except for a failed record."""
        await self._end("abort", committed=False)

    def abandon(self) -> None:
        """Drop the producer without waiting and without a word to the log."""
        self._death = ProducerBroken("the producer was abandoned")
        self._state = _State.DEAD
        self._sender.drop(self._death)

    async def close(self) -> None:
        """Flush and disconnect. An open transaction stays open until it times out."""
        if self._state in (_State.READY, _State.OPEN):
            await self._sender.flush()
        self._death = None
        self._state = _State.CLOSED

    async def former_finished(self) -> None:
        """Wait until nothing of an earlier transaction is under way."""
        while self._identity is not None:
            former = self._cluster.transactions.unfinished(self._identity)
            if former is None:
                return
            await former.ended.wait()
            await self._process.running()

    def transaction(self) -> Transaction | None:
        """Give the transaction to write in, if any. Raises ProducerFenced for a former owner."""
        if self._identity is None:
            return None
        try:
            self._current = self._cluster.transactions.open(self._identity)
        except ProducerFenced as error:
            self._die(error)
            raise
        return self._current

    def _initialise(self) -> None:
        if self._transactional_id is None:
            return
        if not self._cluster.transactional:
            raise LogRefused("this log has no transactions: set HEADCHEF_PROCESSING_GUARANTEE=at_least_once")
        self._identity = self._cluster.transactions.start(self._transactional_id, self._transaction_timeout_s)

    def _put_offsets(self, group: str, offsets: Mapping[Partition, Commit]) -> None:
        transaction = self.transaction()
        if transaction is not None:
            written = self._cluster.group(group).offsets.write(offsets)
            transaction.offsets.setdefault(group, {}).update(written)

    async def _end(self, operation: Operation, *, committed: bool) -> None:
        self._require(_State.OPEN)
        self._state = _State.ENDING
        await self._sender.flush()
        self._require(_State.ENDING)
        if committed and self._sender.failure is not None:
            self._state = _State.OPEN
            raise self._sender.failure
        identity = self._identity
        if self._current is not None and identity is not None:
            await self._request(operation, lambda: self._cluster.transactions.end(identity, committed=committed))
            self._sender.ended(self._current)
        self._state = _State.READY

    async def _request(self, operation: Operation, effect: Callable[[], None]) -> None:
        try:
            await self._process.request(operation, effect)
        except (ProducerFenced, ProducerBroken) as error:
            self._die(error)
            raise

    def _require(self, state: _State) -> None:
        if self._death is not None:
            raise self._death
        if self._state is not state:
            raise ProducerBroken(f"the producer is {self._state.value}, not {state.value}")

    def _die(self, error: ProducerFenced | ProducerBroken) -> None:
        if self._death is None:
            self._death = error
            self._state = _State.DEAD
