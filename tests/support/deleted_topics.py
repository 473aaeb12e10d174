"""Deletes topics of a cluster that lives on: a broker works for every topic that there is, asked or not."""

from collections.abc import Collection

from aiokafka.admin import AIOKafkaAdminClient


async def delete_topics(bootstrap: str, topics: Collection[str]) -> None:
    """Delete topics; those that do not exist are passed over.

    Args:
        bootstrap: address of the cluster.
        topics: full names.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await client.start()
        await client.delete_topics(list(topics))
    finally:
        await client.close()
