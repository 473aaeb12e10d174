"""A place in a group of the in-memory log: joins, heartbeats, rejoins, and what ends it."""

import asyncio
from collections.abc import Mapping

from headchef.runtime.errors import CommitRefused, LogUnavailable, MemberFenced
from headchef.runtime.log.limits import check_metadata
from headchef.runtime.log.memory.cluster import Cluster
from headchef.runtime.log.memory.group import Group
from headchef.runtime.log.memory.member import Applicant, Joined, NotAMember, RoundInProgress
from headchef.runtime.log.memory.process import Process
from headchef.runtime.log.memory.timers import bounded
from headchef.runtime.log.port import Commit, GroupMember, MemberSettings, Partition, Share


class MemoryMembership:
    """A static member of a group.

    Args:
        cluster: the log.
        process: whose place it is.
        settings: how it keeps its place.
        member: the runtime's side.
        rebalance_timeout_s: a round waits this long for a member that does not join.
        retry_backoff_s: pause before a failed join is tried again; 100 ms in aiokafka.
    """

    def __init__(
        self,
        cluster: Cluster,
        process: Process,
        settings: MemberSettings,
        member: GroupMember,
        rebalance_timeout_s: float,
        retry_backoff_s: float,
    ) -> None:
        self._cluster = cluster
        self._process = process
        self._settings = settings
        self._member = member
        self._rebalance_timeout_s = rebalance_timeout_s
        self._retry_backoff_s = retry_backoff_s
        self._id: str | None = None
        self._generation = -1
        self._confirmed: int | None = None
        self._was_member = False
        self._entering_s = cluster.clock.monotonic()
        self._watched_counts: dict[str, int] | None = None
        self._rejoin_wanted = asyncio.Event()
        self._entered = asyncio.Event()
        self._failure: Exception | None = None
        self._task: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Enter the group; returns when the first share has been given.

        Raises:
            LogRefused: a topic does not exist.
            MemberFenced: another process took the instance id meanwhile.
            LogUnavailable: the log did not answer.
        """
        await self._process.request("metadata", self._check_topics)
        self._task = self._process.spawn(self._run())
        await self._entered.wait()
        await self._process.running()
        if self._failure is not None:
            raise self._failure

    def rejoin(self) -> None:
        """Ask for another round. As with aiokafka, a request before the share is asked for is lost."""
        self._rejoin_wanted.set()

    def failure(self) -> Exception | None:
        """Give what ended the membership for good, or None while it lives."""
        return self._failure

    async def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """Commit as this member, in the generation of its last share: a round under way may give its tasks away.

        Raises:
            CommitRefused: the group has moved on, and the member joins again by itself, or is doing so.
            ValueError: metadata over 4,000 characters.
            LogUnavailable: the log did not answer.
        """
        check_metadata(offsets)
        member_id, generation = self._id, self._confirmed
        if member_id is None or generation is None:
            raise CommitRefused("not a member of the group at present, or in a round of it")
        try:
            await self._process.request(
                "commit_offsets",
                lambda: self._group().commit(member_id, generation, offsets),
            )
        except CommitRefused:
            self._rejoin_wanted.set()
            raise

    async def leave(self) -> None:
        """Give the place up; the others share anew at once."""
        await self.close()
        member_id, self._id = self._id, None
        if member_id is not None:
            await self._process.request("leave", lambda: self._group().leave(member_id))

    async def close(self) -> None:
        """Stop the heartbeats; the group keeps the place until the session times out."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            while True:
                await self._enter_round()
                self._entered.set()
                await self._beat_until_rejoin()
        except Exception as error:  # noqa: BLE001 - the loop's edge: what ends it is for `failure`.
            self._failure = error
            self._entered.set()

    async def _enter_round(self) -> None:
        while True:
            self._check_place()
            try:
                share = await self._join_and_sync()
            except NotAMember:
                self._expelled()
            except (RoundInProgress, LogUnavailable):
                pass
            else:
                self._confirmed = self._generation
                self._member.assigned(share.payload)
                return
            await self._process.clock.sleep(self._retry_backoff_s)

    async def _join_and_sync(self) -> Share:
        self._confirmed = None
        instance, group = self._settings.instance, self._group()
        applicant = Applicant(
            instance, self._member.report(), self._settings.session_timeout_s, self._rebalance_timeout_s
        )
        joined = await self._process.exchange("join", lambda: group.join(self._id, applicant))
        if 0 <= self._generation < joined.generation - 1:
            self._member.was_absent()
        self._id, self._generation = joined.member_id, joined.generation
        self._was_member = True
        shares = self._share_out(joined)
        # aiokafka makes its future of wanted rejoins anew here, so that an earlier request is lost.
        self._rejoin_wanted.clear()
        return await self._process.exchange(
            "sync", lambda: group.sync(joined.member_id, instance, joined.generation, shares)
        )

    def _share_out(self, joined: Joined) -> Mapping[str, Share] | None:
        if joined.reports is None:
            self._watched_counts = None
            return None
        self._watched_counts = self._counts()
        return self._member.share_out(joined.reports, min(self._watched_counts.values()))

    def _check_place(self) -> None:
        """Tell a place that another process took from one that was lost with the session, as on Kafka."""
        if self._id is not None:
            return
        now_s = self._process.clock.monotonic()
        if self._was_member and now_s - self._entering_s < self._settings.session_timeout_s:
            raise MemberFenced(f"another live process is {self._settings.instance!r} of {self._settings.group!r}")
        self._was_member = False
        self._entering_s = now_s

    async def _beat_until_rejoin(self) -> None:
        while not self._rejoin_wanted.is_set():
            try:
                await bounded(self._rejoin_wanted.wait(), self._settings.heartbeat_s, self._process.clock)
            except TimeoutError:
                await self._beat()

    async def _beat(self) -> None:
        member_id = self._id
        if member_id is None:
            self._rejoin_wanted.set()
            return
        try:
            await self._process.request("heartbeat", lambda: self._group().heartbeat(member_id, self._generation))
        except RoundInProgress:
            self._rejoin_wanted.set()
        except NotAMember:
            self._expelled()
            self._rejoin_wanted.set()
        except LogUnavailable:
            return
        if self._watched_counts not in (None, self._counts()):
            self._rejoin_wanted.set()

    def _expelled(self) -> None:
        self._id = None
        self._member.was_absent()

    def _group(self) -> Group:
        return self._cluster.group(self._settings.group)

    def _counts(self) -> dict[str, int]:
        return self._cluster.partition_counts(self._settings.topics)

    def _check_topics(self) -> None:
        for topic in self._settings.topics:
            self._cluster.topic(topic)
