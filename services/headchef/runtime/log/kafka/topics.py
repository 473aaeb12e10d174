"""The reviewed topic table as a cluster should have it: what is made, and what every process compares at its start."""

from collections.abc import Sequence

from headchef_contracts import topics

from headchef.runtime.log.kafka.admin import Difference, WantedTopic, administration
from headchef.runtime.log.kafka.settings import KafkaSettings


def wanted(namespace: str, lanes: Sequence[str]) -> list[WantedTopic]:
    """Give every topic of a deployment.

    Args:
        namespace: first part of the names.
        lanes: the quota pools of the catalogue.
    """
    return [
        WantedTopic(topics.physical(namespace, row.logical), row.partitions, row.replicas, row.configuration())
        for row in topics.required(lanes)
    ]


async def create(kafka: KafkaSettings, namespace: str, lanes: Sequence[str]) -> list[str]:
    """Make the topics that do not exist yet, and give their names. Raises `LogUnavailable` or `LogRefused`."""
    async with administration(kafka) as admin:
        return await admin.create(wanted(namespace, lanes))


async def compare(kafka: KafkaSettings, namespace: str, lanes: Sequence[str]) -> list[Difference]:
    """Say where the cluster's topics differ from the table. Raises `LogUnavailable` or `LogRefused`."""
    async with administration(kafka) as admin:
        return await admin.differences(wanted(namespace, lanes))
