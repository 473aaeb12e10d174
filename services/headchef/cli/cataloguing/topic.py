"""Reads which catalogue is published, and makes the record that publishes another one."""

from datetime import datetime

from headchef_contracts import topics
from headchef_contracts.events.catalog import CATALOG_NAME, CatalogPublished

from headchef.catalogue.in_force import TOPIC
from headchef.cli.broadcast import PARTITION, entries, entry
from headchef.cli.cataloguing.checking import Candidate
from headchef.cli.faults import WorkFailed
from headchef.cli.history.reading import open_record
from headchef.runtime.log.port import Log, NewRecord


async def newest(log: Log, namespace: str) -> CatalogPublished | None:
    """Read which catalogue was published last; None if none was.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.

    Raises:
        WrongUsage: there is no such topic.
        WorkFailed: it cannot be read by this program.
    """
    records = await entries(log, namespace, TOPIC)
    ours = [record for record in records if record.key == CATALOG_NAME.encode() and record.value is not None]
    if not ours:
        return None
    hop = open_record(TOPIC, ours[-1])
    if not isinstance(hop.event, CatalogPublished):
        where = f"{topics.physical(namespace, TOPIC)}[{PARTITION}] offset {ours[-1].offset}"
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
    return entry(event, TOPIC, namespace, at)
