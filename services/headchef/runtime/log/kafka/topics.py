"""The reviewed topic table as a cluster should have it: what is made, and what every process compares at its start."""

from collections.abc import Collection, Sequence

from headchef_contracts import topics

from headchef.runtime.log.kafka.admin import Difference, WantedTopic, administration
from headchef.runtime.log.kafka.settings import KafkaSettings


def wanted(namespace: str, lanes: Sequence[str], entries: Sequence[str] = ()) -> list[WantedTopic]:
    """Give every topic of a deployment.

    Args:
        namespace: first part of the names.
        lanes: the quota pools of the catalogue.
        entries: those beside the public one.
    """
    return [_wanted(namespace, row) for row in topics.required(lanes, entries)]


async def create(kafka: KafkaSettings, namespace: str, lanes: Sequence[str], entries: Sequence[str] = ()) -> list[str]:
    """Make the topics that do not exist yet, and give their names. Raises `LogUnavailable` or `LogRefused`."""
    async with administration(kafka) as admin:
        return await admin.create(wanted(namespace, lanes, entries))


async def compare(
    kafka: KafkaSettings, namespace: str, lanes: Sequence[str], entries: Sequence[str] = ()
) -> list[Difference]:
    """Say where the cluster's topics differ from the table. Raises `LogUnavailable` or `LogRefused`."""
    async with administration(kafka) as admin:
        return await admin.differences(wanted(namespace, lanes, entries))


async def compare_settings(kafka: KafkaSettings, namespace: str, logical: Collection[str]) -> list[Difference]:
    """Say where the settings of some topics differ from the table; a topic may have more partitions than it asks for.

    Args:
        kafka: the cluster.
        namespace: first part of the names.
        logical: the topics, by logical name.

    Raises:
        LogUnavailable: no answer.
        LogRefused: the cluster does not tell.
    """
    async with administration(kafka) as admin:
        found = await admin.differences([_wanted(namespace, topics.topic(name)) for name in logical])
    return [each for each in found if each.setting != "partitions"]


def _wanted(namespace: str, row: topics.Topic) -> WantedTopic:
    return WantedTopic(topics.physical(namespace, row.logical), row.partitions, row.replicas, row.configuration())
