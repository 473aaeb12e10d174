"""A log in memory with the topics of the table, and ways to put events and bytes into it."""

from collections.abc import Sequence

from headchef_contracts import topics
from headchef_contracts.events.common import Event

from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.runtime.log.port import Headers, NewRecord
from tests.cli.builders import as_record

NAMESPACE = "headchef"


def make_log(lanes: Sequence[str] = ("default",), entries: Sequence[str] = ()) -> MemoryLog:
    cluster = Cluster(SystemClock())
    for topic in topics.required(lanes, entries):
        name = topics.physical(NAMESPACE, topic.logical)
        cluster.create_topic(name, topic.partitions, max_message_bytes=topic.max_message_bytes)
    return MemoryLog(cluster)


async def put(
    log: MemoryLog,
    topic: str,
    value: bytes | None,
    key: bytes | None = None,
    number: int | None = None,
    headers: Headers = (),
) -> None:
    producer = log.producer("test", None)
    await producer.start()
    for sent in await producer.send([NewRecord(topics.physical(NAMESPACE, topic), value, key, number, headers)]):
        await sent
    await producer.close()


async def put_event(log: MemoryLog, topic: str, event: Event, key: bytes | None, number: int | None = None) -> None:
    value, headers = as_record(event)
    await put(log, topic, value, key, number, headers)
