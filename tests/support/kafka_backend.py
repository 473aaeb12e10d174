"""A real Kafka as the suites use it; every test has topics, groups and ids of its own."""

import asyncio
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from headchef.runtime.log.kafka.admin import KafkaAdmin, WantedTopic, administration
from headchef.runtime.log.kafka.log import KafkaLog
from headchef.runtime.log.kafka.producer import KafkaProducer
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.port import Commit, Log, Partition, Record
from tests.support.deleted_topics import delete_topics
from tests.support.eventually import PATIENCE_S, eventually_async
from tests.support.kafka_witness import KafkaWitness


class MortalLog(KafkaLog):
    """A log whose process can be ended without a word to the broker."""

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(settings)
        self._producers: list[KafkaProducer] = []

    def producer(self, name: str, transactional_id: str | None) -> KafkaProducer:
        made = super().producer(name, transactional_id)
        self._producers.append(made)
        return made

    async def kill(self) -> None:
        """Cut everything off. Members are static, and say nothing when they go."""
        for each in self._producers:
            each.abandon()
        await self.close()


class KafkaBackend:
    """A Kafka cluster. The topics that are made through it end with it: thousands would slow all that comes after.

    Args:
        bootstrap: its address.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._own = uuid.uuid4().hex[:8]
        self._names = 0
        self._made: dict[Log, MortalLog] = {}
        self._dead: list[MortalLog] = []
        self._witness = KafkaWitness(bootstrap)
        self._topics: set[str] = set()
        self._admin: KafkaAdmin | None = None
        self._connecting = asyncio.Lock()
        self._connected = AsyncExitStack()

    def name(self, stem: str) -> str:
        self._names += 1
        return f"{stem}.{self._own}.{self._names}"

    async def make_topic(
        self,
        partitions: int = 1,
        *,
        name: str | None = None,
        max_message_bytes: int | None = None,
        compacted: bool = False,
        retention_s: float | None = None,
    ) -> str:
        configuration = {
            "cleanup.policy": "compact" if compacted else "delete",
            # A record's time may be long ago: then it would be deleted, or compacted, in the middle of a test.
            "retention.ms": "-1",
            "segment.ms": str(2**63 - 1),
        }
        if max_message_bytes is not None:
            configuration["max.message.bytes"] = str(max_message_bytes)
        configuration["retention.ms"] = str(-1 if retention_s is None else round(retention_s * 1000))
        topic = name or self.name("topic")
        admin = await self._administration()
        self._topics.add(topic)
        await admin.create([WantedTopic(topic, partitions, 1, configuration)])
        return topic

    async def grow_topic(self, topic: str, partitions: int) -> None:
        admin = await self._administration()
        await admin.grow(topic, partitions)

        async def known() -> bool:
            return len(await self._partitions(topic)) == partitions

        # The controller has made them; whoever writes to one asks a broker, which learns of it a little later.
        await eventually_async(known)

    async def delete_records(self, partition: Partition, before_offset: int) -> None:
        admin = await self._administration()
        await admin.delete_records({partition: before_offset})

    async def delete_group_offsets(self, group: str) -> None:
        def delete() -> None:
            # Held by a name: without it the client is gone before it answers.
            client = AdminClient({"bootstrap.servers": self._bootstrap})
            for answer in client.delete_consumer_groups([group]).values():
                try:
                    answer.result(timeout=PATIENCE_S)
                except KafkaException as error:
                    if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
                        raise

        await asyncio.to_thread(delete)

    async def set_places(self, group: str, places: Mapping[Partition, Commit]) -> None:
        client = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, group_id=group, enable_auto_commit=False)
        await client.start()
        try:
            wanted = {TopicPartition(*each): OffsetAndMetadata(*place) for each, place in places.items()}
            client.assign(list(wanted))
            await client.commit(wanted)
        finally:
            await client.stop()

    async def read_committed(self, topic: str) -> Sequence[Record]:
        return await self._witness.read(await self._partitions(topic), "read_committed")

    async def read_all(self, topic: str) -> Sequence[Record]:
        return await self._witness.read(await self._partitions(topic), "read_uncommitted")

    async def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return await self._witness.ends(partitions, "read_uncommitted")

    async def stable_ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return await self._witness.ends(partitions, "read_committed")

    async def delete_topics(self, topics: Collection[str]) -> None:
        """Delete topics, for those that make hundreds in a test."""
        # It would go on asking about them.
        await self._witness.close()
        await delete_topics(self._bootstrap, topics)
        self._topics.difference_update(topics)

    def process(self, name: str, *, transaction_timeout_s: float = 15.0) -> MortalLog:
        made = MortalLog(KafkaSettings(bootstrap=self._bootstrap, transaction_timeout_s=transaction_timeout_s))
        self._made[made] = made
        return made

    async def kill(self, log: Log) -> None:
        self._dead.append(killed := self._made.pop(log))
        await killed.kill()

    async def close(self) -> None:
        # The dead ones too: what they had begun to connect may have come to be since.
        for made in [*self._made.values(), *self._dead]:
            await made.kill()
        if self._topics:
            await self.delete_topics(self._topics)
        await self._witness.close()
        await self._connected.aclose()

    async def _administration(self) -> KafkaAdmin:
        async with self._connecting:
            if self._admin is None:
                connecting = administration(KafkaSettings(bootstrap=self._bootstrap))
                self._admin = await self._connected.enter_async_context(connecting)
        return self._admin

    async def _partitions(self, topic: str) -> list[Partition]:
        asked = next(iter(self._made), None) or self.process("witness")
        return [Partition(topic, number) for number in range((await asked.partition_counts([topic]))[topic])]
