"""The seam to the log: membership, reader, producer, and the factory that makes them.

Two backends implement it, `log/kafka/` on aiokafka and `log/memory/` in the process, and one behaviour suite runs on
both. All above it (tasks, hand-over, watermarks, transactions, restore) is one code. Topics are named in full here.
Every method that waits may raise `LogUnavailable`; what else it raises stands beside it, drawn in `runtime/errors.py`.
"""

from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Headers = tuple[tuple[str, bytes | None], ...]
"""In the order in which they stand; a name may come twice, and other clients write null values too."""


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


class Record(NamedTuple):
    """One record as it was read."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class NewRecord(NamedTuple):
    """One record to be written. Without a partition the key decides (murmur2); without a key too, any.

    With `among` that is one of the topic's first so many partitions; all, if it has fewer.
    """

    topic: str
    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    headers: Headers = ()
    timestamp_ms: int | None = None
    among: int | None = None


class Commit(NamedTuple):
    """A group's place in a partition: the next offset to read, and up to 4,000 characters of text beside it."""

    offset: int
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What the leader gives one member: its task numbers, and bytes for the runtime."""

    tasks: tuple[int, ...]
    payload: bytes


class GroupMember(Protocol):
    """What a membership asks of the runtime. All are synchronous and must return at once."""

    def was_absent(self) -> None:
        """Note that the group went on without this member: others may have had its tasks, and given them back."""
        ...

    def report(self) -> bytes:
        """Say, at each join, what the leader must know of this member (its tasks, generation, leaving)."""
        ...

    def share_out(self, reports: Mapping[str, bytes], partitions: int) -> Mapping[str, Share]:
        """Divide the tasks, on the leader only and without side effects.

        Args:
            reports: what each member reported, by an id that is stable while the member lives.
            partitions: the smallest partition count among the group's topics, which is the number of tasks.
        """
        ...

    def assigned(self, payload: bytes) -> None:
        """Take the payload of this member's share, after each join."""
        ...


class Membership(Protocol):
    """A place in a consumer group that never reads records. Heartbeats go on by themselves."""

    async def join(self) -> None:
        """Enter the group; returns when the first share has been given to `assigned`."""
        ...

    def rejoin(self) -> None:
        """Ask for another round. A request during a join may be lost: compare the report in `assigned`."""
        ...

    def failure(self) -> Exception | None:
        """Give what ended the membership for good (`MemberFenced`, `LogRefused`), or None while it lives."""
        ...

    async def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """Commit as this member, without a transaction. Raises `CommitRefused` in and after a round."""
        ...

    async def leave(self) -> None:
        """Give the place up, so that no round waits for this member; only for one that has nothing left to drain."""
        ...

    async def close(self) -> None:
        """Disconnect. No word is sent: the group keeps a place that was not left until the session times out."""
        ...


class Reader(Protocol):
    """Reads chosen partitions without a group, read_committed. Aborted records and markers are never seen."""

    async def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read exactly these partitions, each from its offset. Replaces what was assigned; drops what was fetched."""
        ...

    async def poll(
        self, partitions: Collection[Partition], *, max_records: int, timeout_s: float
    ) -> Mapping[Partition, Sequence[Record]]:
        """Give what has come for some of the assigned partitions, at once if there is something.

        Raises:
            OffsetLost: the position is no longer in the log; names partition, wanted and earliest offset.
        """
        ...

    def wake(self) -> None:
        """Have a poll under way end at once with what there is, which may be nothing; nothing is lost by it."""
        ...

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """Give for each partition its earliest offset and its end as a read_committed reader sees it."""
        ...

    def position(self, partition: Partition) -> int:
        """Give the next offset that `poll` would look at: past aborted records and markers already skipped."""
        ...

    async def close(self) -> None:
        """Stop fetching."""
        ...


class Producer(Protocol):
    """Writes records, acknowledged by all in-sync replicas and without duplicates of its own.

    With a transactional id every record belongs to a transaction. After `ProducerFenced` or `ProducerBroken` the
    object is dead: `abandon` it and make another.
    """

    @property
    def identity(self) -> str:
        """What no other producer of this cluster has ever had; empty before the start, and without transactions."""
        ...

    async def start(self) -> None:
        """Connect; with a transactional id fence the former owner and end its open transaction, within a time bound."""
        ...

    async def begin(self) -> None:
        """Open a transaction."""
        ...

    async def send(self, records: Sequence[NewRecord]) -> Sequence[Awaitable[object]]:
        """Hand records over, in order a partition; each awaitable ends when its record is acknowledged.

        An awaitable raises `SendFailed` for its record alone; the transaction is then no longer fit to commit.
        """
        ...

    async def send_offsets(self, group: str, offsets: Mapping[Partition, Commit]) -> None:
        """Put a group's offsets into the transaction.

        Raises:
            ValueError: metadata over 4,000 characters, or a second group in one transaction; nothing has happened.
        """
        ...

    async def commit(self) -> None:
        """Make all of the transaction visible at once."""
        ...

    async def abort(self) -> None:
        """Make all of the transaction void."""
        ...

    def abandon(self) -> None:
        """Drop the producer without waiting and without a word to the log."""
        ...

    async def close(self) -> None:
        """Flush and disconnect."""
        ...


@dataclass(frozen=True, slots=True)
class MemberSettings:
    """How a member keeps its place.

    Attributes:
        group: the consumer group.
        instance: static member id, unique among live processes.
        topics: inputs, which all count the same partitions or the smallest decides.
        session_timeout_s: without a heartbeat for this long the group gives the member up.
        heartbeat_s: seconds between heartbeats, a third of the session at most.
    """

    group: str
    instance: str
    topics: tuple[str, ...]
    session_timeout_s: float
    heartbeat_s: float


class Log(Protocol):
    """One cluster, or one log in memory."""

    @property
    def transactional(self) -> bool:
        """Whether the log keeps transactions; the embedded development broker does not."""
        ...

    def membership(self, settings: MemberSettings, member: GroupMember) -> Membership:
        """Make a place in a group; nothing happens before `join`."""
        ...

    async def reader(self, name: str, *, steady: bool = False) -> Reader:
        """Make a reader and connect it.

        Args:
            name: its client id.
            steady: whether each poll will be of all that is assigned, and that stays. It may ask less often then.
        """
        ...

    def producer(self, name: str, transactional_id: str | None) -> Producer:
        """Make a producer; nothing happens before `start`."""
        ...

    async def committed(self, group: str, partitions: Collection[Partition]) -> Mapping[Partition, Commit]:
        """Give a group's committed places; partitions without one are left out."""
        ...

    async def partition_counts(self, topics: Collection[str]) -> Mapping[str, int]:
        """Give each topic's number of partitions; topics that do not exist are left out."""
        ...

    async def retentions(self, topics: Collection[str]) -> Mapping[str, float]:
        """Give how long each topic keeps a record, in seconds; those that keep for ever are left out.

        Raises:
            LogRefused: a topic does not exist, or this client may not read its settings.
        """
        ...

    async def close(self) -> None:
        """Disconnect all that this object made."""
        ...
