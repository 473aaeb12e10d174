"""A process's log that a test can cut off at any step: before and after each call of the seam stands a hook.

Once dead, no call goes through and none returns, as for a process that got SIGKILL: no abort, no goodbye.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Literal, TypeVar

from headchef.runtime.log.port import (
    Commit,
    GroupMember,
    Log,
    MemberSettings,
    Membership,
    NewRecord,
    Partition,
    Producer,
    Reader,
    Record,
    Share,
)

T = TypeVar("T")
Moment = Literal["before", "after"]
Hook = Callable[[Moment, str], Awaitable[None]]


async def no_hook(moment: Moment, step: str) -> None:
    """Let every call pass."""


class HookedLog:
    """Implements `Log` on another one.

    Args:
        inner: the log of this process.
        hook: called before and after each step, such as `producer.commit`; may wait, raise, or kill.

    Attributes:
        joins_begun: how often the member has reported for a round.
        joins_ended: how often it was told its share.
    """

    def __init__(self, inner: Log, hook: Hook = no_hook) -> None:
        self.inner = inner
        self.hook = hook
        self.dead = asyncio.Event()
        self.memberships: list[Membership] = []
        self.joins_begun = 0
        self.joins_ended = 0

    @property
    def transactional(self) -> bool:
        return self.inner.transactional

    def die(self) -> None:
        """Cut everything off."""
        self.dead.set()

    async def passing(self, step: str, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call of the seam, unless the process dies around it."""
        await self._gate("before", step)
        answer = await call()
        await self._gate("after", step)
        return answer

    async def _gate(self, moment: Moment, step: str) -> None:
        if not self.dead.is_set():
            await self.hook(moment, step)
        if self.dead.is_set():
            await asyncio.Event().wait()

    def membership(self, settings: MemberSettings, member: GroupMember) -> Membership:
        made = self.inner.membership(settings, _HookedMember(self, member))
        self.memberships.append(made)
        return _HookedMembership(self, made)

    async def reader(self, name: str, *, steady: bool = False) -> Reader:
        made = await self.passing("log.reader", lambda: self.inner.reader(name, steady=steady))
        return _HookedReader(self, made)

    def producer(self, name: str, transactional_id: str | None) -> Producer:
        return _HookedProducer(self, self.inner.producer(name, transactional_id))

    async def committed(self, group: str, partitions: Collection[Partition]) -> Mapping[Partition, Commit]:
        return await self.passing("log.committed", lambda: self.inner.committed(group, partitions))

    async def partition_counts(self, topics: Collection[str]) -> Mapping[str, int]:
        return await self.passing("log.partition_counts", lambda: self.inner.partition_counts(topics))

    async def retentions(self, topics: Collection[str]) -> Mapping[str, float]:
        return await self.passing("log.retentions", lambda: self.inner.retentions(topics))

    async def close(self) -> None:
        await self.inner.close()


class _HookedMember:
    def __init__(self, log: HookedLog, member: GroupMember) -> None:
        self._log = log
        self._member = member

    def was_absent(self) -> None:
        if not self._log.dead.is_set():
            self._member.was_absent()

    def report(self) -> bytes:
        self._log.joins_begun += 1
        return self._member.report()

    def share_out(self, reports: Mapping[str, bytes], partitions: int) -> Mapping[str, Share]:
        return self._member.share_out(reports, partitions)

    def assigned(self, payload: bytes) -> None:
        if not self._log.dead.is_set():
            self._log.joins_ended += 1
            self._member.assigned(payload)


class _HookedMembership:
    def __init__(self, log: HookedLog, inner: Membership) -> None:
        self._log = log
        self._inner = inner

    async def join(self) -> None:
        await self._log.passing("membership.join", self._inner.join)

    def rejoin(self) -> None:
        if not self._log.dead.is_set():
            self._inner.rejoin()

    def failure(self) -> Exception | None:
        return None if self._log.dead.is_set() else self._inner.failure()

    async def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        await self._log.passing("membership.commit", lambda: self._inner.commit(offsets))

    async def leave(self) -> None:
        await self._log.passing("membership.leave", self._inner.leave)

    async def close(self) -> None:
        await self._log.passing("membership.close", self._inner.close)


class _HookedReader:
    def __init__(self, log: HookedLog, inner: Reader) -> None:
        self._log = log
        self._inner = inner

    async def assign(self, positions: Mapping[Partition, int]) -> None:
        await self._log.passing("reader.assign", lambda: self._inner.assign(positions))

    async def poll(
        self, partitions: Collection[Partition], *, max_records: int, timeout_s: float
    ) -> Mapping[Partition, Sequence[Record]]:
        return await self._log.passing(
            "reader.poll", lambda: self._inner.poll(partitions, max_records=max_records, timeout_s=timeout_s)
        )

    def wake(self) -> None:
        if not self._log.dead.is_set():
            self._inner.wake()

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        return await self._log.passing("reader.bounds", lambda: self._inner.bounds(partitions))

    def position(self, partition: Partition) -> int:
        return self._inner.position(partition)

    async def close(self) -> None:
        await self._log.passing("reader.close", self._inner.close)


class _HookedProducer:
    def __init__(self, log: HookedLog, inner: Producer) -> None:
        self._log = log
        self._inner = inner

    @property
    def identity(self) -> str:
        return self._inner.identity

    async def start(self) -> None:
        await self._log.passing("producer.start", self._inner.start)

    async def begin(self) -> None:
        await self._log.passing("producer.begin", self._inner.begin)

    async def send(self, records: Sequence[NewRecord]) -> Sequence[Awaitable[object]]:
        return await self._log.passing("producer.send", lambda: self._inner.send(records))

    async def send_offsets(self, group: str, offsets: Mapping[Partition, Commit]) -> None:
        await self._log.passing("producer.send_offsets", lambda: self._inner.send_offsets(group, offsets))

    async def commit(self) -> None:
        await self._log.passing("producer.commit", self._inner.commit)

    async def abort(self) -> None:
        await self._log.passing("producer.abort", self._inner.abort)

    def abandon(self) -> None:
        if not self._log.dead.is_set():
            self._inner.abandon()

    async def close(self) -> None:
        await self._log.passing("producer.close", self._inner.close)
