"""A Kafka cluster as the runtime's log: makes members, readers and producers, and asks for places and counts."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol, TypeVar

from aiokafka import errors as driver
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from headchef.runtime.clock import Clock, SystemClock
from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.kafka.admin import configurations
from headchef.runtime.log.kafka.bounds import Bounds
from headchef.runtime.log.kafka.connection import Connection
from headchef.runtime.log.kafka.errors import DRIVER_ERRORS, translated
from headchef.runtime.log.kafka.membership import KafkaMembership
from headchef.runtime.log.kafka.producer import KafkaProducer
from headchef.runtime.log.kafka.reader import KafkaReader
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.port import Commit, GroupMember, MemberSettings, Partition

_RETRY_PAUSE_S = 0.1
_RETENTION_MS, _FOR_EVER = "retention.ms", -1

_T = TypeVar("_T")


class _Made(Protocol):
    closed: bool

    async def close(self) -> None: ...


_Part = TypeVar("_Part", bound=_Made)


class KafkaLog:
    """One cluster. Nothing is connected before it is first needed.

    Args:
        settings: where the cluster is, and how to reach it.
        clock: for pauses and sessions.
    """

    def __init__(self, settings: KafkaSettings, clock: Clock | None = None) -> None:
        self._connection = Connection(settings)
        self._settings = settings
        self._clock = clock or SystemClock()
        self._made: list[_Made] = []
        self._alone: set[str] = set()
        self._connecting = asyncio.Lock()
        self._admin: AIOKafkaAdminClient | None = None
        self._bounds = Bounds(self._connection)

    @property
    def transactional(self) -> bool:
        """Whether the log keeps transactions; the embedded development broker does not."""
        return self._settings.idempotence

    def membership(self, settings: MemberSettings, member: GroupMember) -> KafkaMembership:
        """Make a place in a group; nothing happens before `join`."""
        return self._kept(KafkaMembership(self._connection, settings, member, self.partition_counts, self._clock))

    async def reader(self, name: str, *, steady: bool = False) -> KafkaReader:
        """Make a reader and connect it; the name is its client id. Raises `LogUnavailable` or `LogRefused`."""
        made = KafkaReader(self._connection, name, self.bounds, self._clock, steady=steady)
        await made.start()
        return self._kept(made)

    def producer(self, name: str, transactional_id: str | None) -> KafkaProducer:
        """Make a producer; nothing happens before `start`."""
        made = KafkaProducer(
            self._connection,
            name,
            transactional_id,
            counts=self.partition_counts,
            clock=self._clock,
            alone=self._alone,
        )
        return self._kept(made)

    async def committed(self, group: str, partitions: Collection[Partition]) -> Mapping[Partition, Commit]:
        """Give a group's committed places, with their metadata; partitions without one are left out."""
        if not partitions:
            return {}
        wanted = [TopicPartition(*each) for each in partitions]

        async def ask() -> dict[Partition, Commit]:
            admin = await self._administration()
            found = await admin.list_consumer_group_offsets(group, partitions=wanted)
            # A coordinator that is loading answers with an error that aiokafka overlooks, and with no partitions.
            # Taken for "no offsets", it would start the group anew.
            if any(each not in found for each in wanted):
                raise driver.GroupLoadInProgressError(group)
            return {
                Partition(*each): Commit(place.offset, place.metadata)
                for each, place in found.items()
                if place.offset >= 0
            }

        return await self._until_answered(ask, f"offsets of group {group}")

    async def partition_counts(self, topics: Collection[str]) -> Mapping[str, int]:
        """Give each topic's number of partitions; topics that do not exist are left out."""
        if not topics:
            return {}

        async def ask() -> dict[str, int]:
            admin = await self._administration()
            # All of them: asking for a topic by name makes it, on a broker that creates topics by itself.
            found = [each for each in await admin.describe_topics() if each["topic"] in topics]
            for each in found:
                if each["error_code"]:
                    raise driver.for_code(each["error_code"])(each["topic"])
            return {each["topic"]: len(each["partitions"]) for each in found}

        return await self._until_answered(ask, "partitions of topics")

    async def retentions(self, topics: Collection[str]) -> Mapping[str, float]:
        """Give how long topics keep records, in seconds; those that keep for ever are left out."""
        if not topics:
            return {}

        async def ask() -> dict[str, float]:
            found = await configurations(await self._administration(), sorted(topics))
            kept_ms = {name: int(settings.get(_RETENTION_MS) or _FOR_EVER) for name, settings in found.items()}
            return {name: ms / 1000 for name, ms in kept_ms.items() if ms != _FOR_EVER}

        return await self._until_answered(ask, "retention of topics")

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """Give for each partition its earliest offset and its end as a read_committed reader sees it."""
        if not partitions:
            return {}
        return await self._until_answered(lambda: self._bounds.ask(partitions), "earliest and last offsets")

    async def close(self) -> None:
        """Disconnect all that this object made."""
        for each in list(self._made):
            await each.close()
        if self._admin is not None:
            await self._admin.close()
            self._admin = None
        await self._bounds.close()
        await self._connection.cleared_up()

    def _kept(self, made: _Part) -> _Part:
        self._made = [each for each in self._made if not each.closed] + [made]
        return made

    async def _administration(self) -> AIOKafkaAdminClient:
        async with self._connecting:
            if self._admin is None:
                admin = AIOKafkaAdminClient(**self._connection.arguments("headchef-admin"))
                try:
                    await self._connection.whole(admin.start(), admin.close)
                except DRIVER_ERRORS as error:
                    await admin.close()
                    raise await self._connection.why(error, "the admin client") from error
                self._admin = admin
            return self._admin

    async def _until_answered(self, ask: Callable[[], Awaitable[_T]], doing: str) -> _T:
        """Ask again while the cluster is not ready, within the request time-out."""
        last: BaseException | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.request_timeout_s):
                while True:
                    try:
                        return await ask()
                    except DRIVER_ERRORS as error:
                        last = error
                        judged = translated(error, doing)
                        if not isinstance(judged, LogUnavailable):
                            raise judged from error
                    await self._clock.sleep(_RETRY_PAUSE_S)
        raise LogUnavailable(f"{doing}: no answer within {self._settings.request_timeout_s:g} s: {last!r}") from last
