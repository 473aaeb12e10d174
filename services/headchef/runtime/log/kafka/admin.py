"""Makes topics, compares them with what they should be, and deletes records and groups: for people and for tests."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import errors as driver
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import TopicPartition

from headchef.runtime.errors import LogRefused
from headchef.runtime.log.kafka.connection import Connection
from headchef.runtime.log.kafka.errors import DRIVER_ERRORS, translated
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.port import Partition

_KNOWN_TRIES = 100
_KNOWN_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class WantedTopic:
    """A topic as it should be.

    Attributes:
        name: its full name on the cluster.
        partitions: how many.
        replicas: copies of each; a cluster with fewer brokers gets as many as it has.
        configuration: its settings under Kafka's own names.
    """

    name: str
    partitions: int
    replicas: int
    configuration: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a topic is not as it should be.

    Attributes:
        topic: its full name.
        setting: Kafka's name of the setting, or `partitions`, or `topic` when there is none.
        wanted: what it should be.
        found: what it is.
    """

    topic: str
    setting: str
    wanted: str
    found: str


class KafkaAdmin:
    """What is done to a cluster from outside the data path. Make it with `administration`."""

    def __init__(self, client: AIOKafkaAdminClient) -> None:
        self._client = client

    async def create(self, topics: Sequence[WantedTopic]) -> list[str]:
        """Make those topics that do not exist; the others are left as they are.

        Returns:
            The names of those that were made.

        Raises:
            LogRefused: a topic was refused; the message has the broker's words.
            LogUnavailable: no answer.
        """
        brokers = len((await self._client.describe_cluster())["brokers"])
        asked = [
            NewTopic(each.name, each.partitions, min(each.replicas, brokers), topic_configs=dict(each.configuration))
            for each in topics
        ]
        if not asked:
            return []
        answer: Any = await _driven(self._client.create_topics(asked), "topics create")
        made: list[str] = []
        for name, code, *words in answer.topic_errors:
            if code == driver.NoError.errno:
                made.append(name)
            elif code != driver.TopicAlreadyExistsError.errno:
                raise translated(driver.for_code(code)(*filter(None, words)), f"topic {name}", otherwise=LogRefused)
        await self._known(made)
        return made

    async def _known(self, names: Sequence[str]) -> None:
        """Wait until a broker knows topics that the controller has made: whoever asks too early finds none."""
        for _ in range(_KNOWN_TRIES):
            described = await _driven(self._client.describe_topics(), "topics create")
            if not set(names) - {each["topic"] for each in described if not each["error_code"]}:
                return
            await asyncio.sleep(_KNOWN_PAUSE_S)

    async def differences(self, topics: Sequence[WantedTopic]) -> list[Difference]:
        """Compare topics with what they should be.

        Returns:
            The differences; none when all is well.
        """
        # All of them: asking for a topic by name makes it, on a broker that creates topics by itself.
        described = await _driven(self._client.describe_topics(), "topics check")
        counts = {each["topic"]: len(each["partitions"]) for each in described if not each["error_code"]}
        asked = [each.name for each in topics if each.name in counts]
        found = await _driven(configurations(self._client, asked), "topics check")
        different = []
        for each in topics:
            if each.name not in counts:
                different.append(Difference(each.name, "topic", "to exist", "missing"))
                continue
            pairs = [("partitions", str(each.partitions), str(counts[each.name]))]
            pairs += [(key, value, found[each.name].get(key, "")) for key, value in each.configuration.items()]
            different += [Difference(each.name, *pair) for pair in pairs if pair[1] != pair[2]]
        return different

    async def grow(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions."""
        answer: Any = await _driven(
            self._client.create_partitions({topic: NewPartitions(partitions)}), f"topic {topic}"
        )
        for name, code, *words in answer.topic_errors:
            if code:
                raise translated(driver.for_code(code)(*filter(None, words)), f"topic {name}", otherwise=LogRefused)

    async def delete_records(self, before: Mapping[Partition, int]) -> None:
        """Delete the records of some partitions before an offset."""
        asked = {TopicPartition(*each): RecordsToDelete(before_offset=offset) for each, offset in before.items()}
        await _driven(self._client.delete_records(asked), "delete records")


async def configurations(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Ask for the settings of topics, those that the broker fills in included.

    Args:
        client: connected.
        names: full names of topics that exist.

    Raises:
        LogRefused: this client may not read them.
    """
    if not names:
        return {}
    answers: Any = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    found = {}
    for answer in answers:
        for code, words, _, name, entries in answer.resources:
            if code:
                raise translated(driver.for_code(code)(words or ""), f"topic {name}", otherwise=LogRefused)
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


@asynccontextmanager
async def administration(settings: KafkaSettings) -> AsyncIterator[KafkaAdmin]:
    """Connect to a cluster to administer it. Raises `LogUnavailable` or `LogRefused`."""
    connection = Connection(settings)
    client = AIOKafkaAdminClient(**connection.arguments("headchef-admin"))
    try:
        await connection.whole(client.start(), client.close)
    except DRIVER_ERRORS as error:
        await client.close()
        raise await connection.why(error, "the admin client") from error
    try:
        yield KafkaAdmin(client)
    finally:
        await client.close()


async def _driven(answer: Any, doing: str) -> Any:
    try:
        return await answer
    except DRIVER_ERRORS as error:
        raise translated(error, doing) from error
