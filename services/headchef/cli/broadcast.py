"""Reads all entries of a broadcast, and writes new ones."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.common import Event

from headchef.cli.faults import WrongUsage
from headchef.runtime.catching_up import read_to
from headchef.runtime.log.port import Log, NewRecord, Partition, Producer, Record

_SOURCE = "/headchef/cli"

PARTITION = 0
"""Of all entries, so that their order stays however many partitions the topic is given."""


async def entries(log: Log, namespace: str, topic: str) -> Sequence[Record]:
    """Read all entries, in their order.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.
        topic: logical name.

    Raises:
        WrongUsage: there is no such topic.
    """
    name = topics.physical(namespace, topic)
    if name not in await log.partition_counts([name]):
        raise WrongUsage(f"the cluster has no topic {name}", "run `headchef topics create`")
    partition = Partition(name, PARTITION)
    reader = await log.reader(f"{namespace}.{topic}")
    try:
        bounds = await reader.bounds([partition])
        await reader.assign({partition: bounds[partition][0]})
        return (await read_to(reader, {partition: bounds[partition][1]}))[partition]
    finally:
        await reader.close()


def entry(event: Event, topic: str, namespace: str, at: datetime, event_id: str | None = None) -> NewRecord:
    """Make the record that carries an event.

    Args:
        event: what is said.
        topic: logical name.
        namespace: first part of the topic's name.
        at: the time, UTC.
        event_id: the event's; one that is new and random if there is none.
    """
    written, key = registry.write(event), topics.key_of(topic, event)
    attributes = cloudevents.Attributes(
        id=str(uuid.uuid4()) if event_id is None else event_id,
        source=_SOURCE,
        type=event.event_type,
        version=written.version,
        time=at,
        subject=None if key is None else key.decode(),
    )
    name = topics.physical(namespace, topic)
    return NewRecord(name, written.data, key, PARTITION, cloudevents.to_headers(attributes))


async def publish(producer: Producer, record: NewRecord) -> None:
    """Publish it, and wait until all replicas have it."""
    for acknowledged in await producer.send([record]):
        await acknowledged
