"""Reads which catalogue is published, and publishes another one."""

import uuid
from datetime import datetime

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.catalog import CATALOG_NAME, CatalogPublished

from headchef.catalogue.in_force import TOPIC
from headchef.cli.cataloguing.checking import Candidate
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.history.reading import open_record
from headchef.runtime.catching_up import read_to
from headchef.runtime.log.port import Log, NewRecord, Partition, Producer

_SOURCE = "/headchef/cli"

_PARTITION = 0
"""Of all entries, so that their order stays however many partitions the topic is given."""


async def newest(log: Log, namespace: str) -> CatalogPublished | None:
    """Read which catalogue was published last; None if none was.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.

    Raises:
        WrongUsage: there is no such topic.
        WorkFailed: it cannot be read by this program.
    """
    name = topics.physical(namespace, TOPIC)
    if name not in await log.partition_counts([name]):
        raise WrongUsage(f"the cluster has no topic {name}", "run `headchef topics create`")
    partition = Partition(name, _PARTITION)
    reader = await log.reader(f"{namespace}.catalog")
    try:
        bounds = await reader.bounds([partition])
        await reader.assign({partition: bounds[partition][0]})
        records = (await read_to(reader, {partition: bounds[partition][1]}))[partition]
    finally:
        await reader.close()
    ours = [record for record in records if record.key == CATALOG_NAME.encode() and record.value is not None]
    if not ours:
        return None
    hop = open_record(TOPIC, ours[-1])
    if not isinstance(hop.event, CatalogPublished):
        where = f"{name}[{_PARTITION}] offset {ours[-1].offset}"
        raise WorkFailed(
            f"what is published at {where} cannot be read: {hop.fault}", "upgrade headchef on this machine"
        )
    return hop.event


def record_of(found: Candidate, namespace: str, at: datetime) -> NewRecord:
    """Make the record that publishes a file.

    Args:
        found: the file.
        namespace: first part of the topic's name.
        at: the time, UTC.
    """
    event = CatalogPublished(
        name=CATALOG_NAME,
        catalog_version=found.catalogue.version,
        text=found.text,
        file=found.path.name,
        published_at=at,
    )
    written = registry.write(event)
    attributes = cloudevents.Attributes(
        id=str(uuid.uuid4()),
        source=_SOURCE,
        type=event.event_type,
        version=written.version,
        time=at,
        subject=event.name,
    )
    return NewRecord(
        topics.physical(namespace, TOPIC),
        written.data,
        topics.key_of(TOPIC, event),
        _PARTITION,
        cloudevents.to_headers(attributes),
    )


async def publish(producer: Producer, record: NewRecord) -> None:
    """Publish it, and wait until all replicas have it."""
    for acknowledged in await producer.send([record]):
        await acknowledged
