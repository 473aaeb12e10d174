"""A place in a consumer group, kept by an aiokafka consumer that never reads a record."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka import errors as driver
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from headchef.runtime.clock import Clock
from headchef.runtime.errors import CommitRefused, LogError, LogRefused, LogUnavailable, MemberFenced
from headchef.runtime.log.kafka import ending, internals
from headchef.runtime.log.kafka.assignor import ShareAssignor
from headchef.runtime.log.kafka.connection import Connection
from headchef.runtime.log.kafka.errors import DRIVER_ERRORS, translated
from headchef.runtime.log.kafka.losses import Losses
from headchef.runtime.log.limits import check_metadata
from headchef.runtime.log.port import Commit, GroupMember, MemberSettings, Partition

_log = logging.getLogger(__name__)

_NEVER_MS = 24 * 60 * 60 * 1000
"""`max.poll.interval`: a member that never reads must not be taken for one that is stuck (aiokafka 1187)."""

_JOIN_SPARE_MS = 10_000

_NO_GENERATION = -1
"""What aiokafka takes for the generation of one that is no member."""

Counts = Callable[[Collection[str]], Awaitable[Mapping[str, int]]]


class KafkaMembership(ConsumerRebalanceListener):
    """A static member of a group.

    Args:
        connection: the cluster.
        settings: group, instance, topics and time-outs.
        member: who reports, divides and is told.
        counts: asks for the partitions of topics.
        clock: tells a dropped member from an expired one.
    """

    def __init__(
        self, connection: Connection, settings: MemberSettings, member: GroupMember, counts: Counts, clock: Clock
    ) -> None:
        self._connection = connection
        self._counts = counts
        self._settings = settings
        self._member = member
        # The embedded broker takes static members, and takes twice as long for them.
        self._static = connection.settings.idempotence
        self._clock = clock
        self._assignor = ShareAssignor(member, settings.instance, joining=self._joining, joined=self._joined)
        self._consumer: AIOKafkaConsumer | None = None
        self._watching: asyncio.Task[None] | None = None
        self._first_share = asyncio.Event()
        self._failure: Exception | None = None
        self._losses = Losses(clock, settings.session_timeout_s)
        self._was_member = False
        self._confirmed: int | None = None
        self._attended = _NO_GENERATION
        self._unknown = False
        self._settling = False
        self._rejoin_wanted = False
        self._rejoin_asked = False
        self.closed = False

    async def join(self) -> None:
        """Enter the group; returns when the first share has been given to the member.

        Raises:
            LogUnavailable: the cluster does not answer.
            LogRefused: it does, and says no.
            MemberFenced: another live process has this instance id.
        """
        settings = self._settings
        missing = set(settings.topics) - set(await self._counts(settings.topics))
        if missing:
            raise LogRefused(f"no topic {', '.join(sorted(missing))}: run `headchef topics create`")
        consumer = await self._enter()
        self._watching = asyncio.create_task(self._watch(consumer), name=f"membership {settings.group}")
        await self._first_share.wait()
        if self._failure is not None:
            raise self._failure

    async def _enter(self) -> AIOKafkaConsumer:
        """Begin to enter the group, with a new consumer. Raises `LogUnavailable` or `LogRefused`."""
        settings = self._settings
        session_ms = round(settings.session_timeout_s * 1000)
        # The broker holds the answer to a join until all members are there, or have run out of their sessions.
        answer_ms = max(session_ms + _JOIN_SPARE_MS, round(self._connection.settings.request_timeout_s * 1000))
        consumer = AIOKafkaConsumer(
            **{**self._connection.arguments(settings.instance), "request_timeout_ms": answer_ms},
            group_id=settings.group,
            group_instance_id=settings.instance if self._static else None,
            session_timeout_ms=session_ms,
            rebalance_timeout_ms=session_ms,
            heartbeat_interval_ms=round(settings.heartbeat_s * 1000),
            max_poll_interval_ms=_NEVER_MS,
            partition_assignment_strategy=(self._assignor,),
            enable_auto_commit=False,
            auto_offset_reset="none",
        )
        try:
            await self._connection.whole(consumer.start(), lambda: ending.disconnect(consumer))
        except DRIVER_ERRORS as error:
            await ending.stop_consumer(consumer)
            raise await self._connection.why(error, f"group {settings.group}") from error
        # Not before: with a subscription `start` enters the group itself, and fails of what befalls a member there.
        self._consumer = consumer
        internals.note_answers(consumer, self._answered, self._answered_join, self._losses.coordinator_failed)
        internals.commit_only_in(consumer, lambda: self._confirmed)
        self._subscribe()
        return consumer

    def rejoin(self) -> None:
        """Ask for another round. Subscribing anew is aiokafka's public way, and is not lost in a join either."""
        if self._rejoin_asked:
            # The report of the join to come is not made yet, and will say it all.
            return
        self._rejoin_wanted = True
        # While aiokafka takes a share in, it would cancel its new heartbeat before that has begun, and die of it.
        if not self._settling:
            self._subscribe()

    def failure(self) -> Exception | None:
        """Give what ended the membership for good, or None while it lives."""
        return self._failure

    async def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """Commit as this member, in the generation of its last share: a round under way may give its tasks away.

        Args:
            offsets: next offset to read and text, by partition; also of partitions that are not this member's.

        Raises:
            CommitRefused: the group has moved on, or is about to.
            LogUnavailable: no answer within the request time-out.
        """
        doing = f"commit of group {self._settings.group}"
        check_metadata(offsets)
        if self._consumer is None or not self._was_member:
            raise CommitRefused(f"{doing}: not a member")
        places = {
            TopicPartition(*partition): OffsetAndMetadata(place.offset, place.metadata)
            for partition, place in offsets.items()
        }
        try:
            async with asyncio.timeout(self._connection.settings.request_timeout_s):
                await internals.commit_as_member(self._consumer, places)
        except DRIVER_ERRORS as error:
            raise translated(error, doing) from error

    async def leave(self) -> None:
        """Give the place up, so that no round waits for this member; if that fails, its session has to end."""
        if self._consumer is not None:
            internals.leave_when_stopped(self._consumer)
        await self.close()

    async def close(self) -> None:
        """Disconnect. Nothing is said to the group, which keeps a static member's place for a session."""
        self.closed = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        if self._consumer is not None:
            await ending.stop_consumer(self._consumer)

    def _joining(self) -> None:
        """Before a join: let no commit follow it, and find out whether the group dropped a member in good standing."""
        self._rejoin_asked = False
        self._confirmed = None
        consumer = self._consumer
        if consumer is None or internals.member_id(consumer):
            return
        unknown, self._unknown = self._unknown, False
        if self._static and unknown and self._losses.lost():
            raise self._fenced()
        if unknown or not self._was_member:
            self._losses.entering()
        if unknown:
            _log.warning("dropped from group %s, entering it anew", self._settings.group)
            self._member.was_absent()

    def _answered(self, code: int) -> None:
        """Note that the group does not know this member any more; one whose generation is over still has its place."""
        if code == driver.UnknownMemberIdError.errno and self._was_member:
            self._unknown = True

    def _answered_join(self, generation: int) -> None:
        """Note which round this is: one that was held up in the one before may have been left out of others."""
        if _NO_GENERATION < self._attended < generation - 1:
            self._member.was_absent()
        self._attended = generation

    def _joined(self) -> None:
        """After a join: see to it that aiokafka fetches nothing."""
        if self._consumer is None:
            return
        self._was_member = self._settling = True
        generation = internals.generation(self._consumer)
        self._confirmed = generation if generation > _NO_GENERATION else None
        for partition in self._consumer.assignment():
            # Without a position aiokafka would look for committed offsets, and fail where there are none.
            self._consumer.seek(partition, 0)
            self._consumer.pause(partition)
        self._first_share.set()

    def on_partitions_revoked(self, revoked: object) -> None:
        """Let go of nothing: tasks run on through a round."""

    def on_partitions_assigned(self, assigned: object) -> None:
        """Take up a wish to rejoin that came while the share was taken in."""
        self._settling = False
        if self._rejoin_wanted:
            asyncio.get_running_loop().call_soon(self._subscribe)

    def _subscribe(self) -> None:
        if self._consumer is not None and not self.closed:
            self._rejoin_wanted, self._rejoin_asked = False, True
            self._consumer.subscribe(self._settings.topics, listener=self)

    async def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """Keep the membership up until an error ends it; also one that nobody has thought of is told."""
        try:
            while True:
                if (fault := await self._fault(consumer)) is not None:
                    if (final := self._final(fault)) is not None:
                        raise final
                    _log.warning("%s; trying again", fault)
                    if isinstance(fault, MemberFenced) or internals.coordination_ended(consumer):
                        consumer = await self._enter_anew(consumer)
                await self._clock.sleep(self._settings.heartbeat_s)
        except Exception as error:  # noqa: BLE001 - it is raised by whoever asks for the failure
            self._failure = error
        self._first_share.set()

    async def _fault(self, consumer: AIOKafkaConsumer) -> LogError | None:
        """Surface an error of the coordinator, which only `getmany` raises; waits out a join, and reads nothing."""
        try:
            await consumer.getmany(timeout_ms=0)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not ours: a task that aiokafka cancelled or lost.
            return LogUnavailable(f"group {self._settings.group}: coordination was cancelled")
        except DRIVER_ERRORS as error:
            return translated(error, f"group {self._settings.group}")
        return None

    def _fenced(self) -> MemberFenced:
        return MemberFenced(
            f"another live process is member {self._settings.instance!r} of group {self._settings.group}:"
            " give each its own HEADCHEF_INSTANCE"
        )

    async def _enter_anew(self, former: AIOKafkaConsumer) -> AIOKafkaConsumer:
        """Enter again as one that the group does not know.

        A coordinator that fails in the middle of a round remembers the id that the member had before it: the one that
        it has given out since is fenced, though nobody else is there. Another live process is fenced by this in turn.
        """
        _log.warning("group %s: entering it anew", self._settings.group)
        self._member.was_absent()
        await ending.stop_consumer(former)
        self._consumer = self._confirmed = None
        self._was_member = self._unknown = self._settling = self._rejoin_wanted = self._rejoin_asked = False
        self._losses.entering()
        while True:
            try:
                return await self._enter()
            except LogUnavailable as error:
                _log.warning("group %s: %s; trying again", self._settings.group, error)
            await self._clock.sleep(self._settings.heartbeat_s)

    def _final(self, error: LogError) -> Exception | None:
        """Say what ended the membership, or None if it is worth another try."""
        if self._assignor.fault is not None:
            return self._assignor.fault
        if isinstance(error, LogRefused):
            return error
        return self._fenced() if isinstance(error, MemberFenced) and self._losses.lost() else None
