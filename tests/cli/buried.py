"""Records that died, in a log in memory: made as a processor makes them, and sent back as the command line does."""

import asyncio

from headchef_contracts import topics

from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.cli.letters.choice import Choice
from headchef.cli.letters.letter import Letter
from headchef.cli.letters.plan import Bounds, Plan, plan
from headchef.cli.submission.publishing import Sent, publish_records
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Headers, NewRecord, Record
from tests.cli.clusters import NAMESPACE, put

RAW, KEY = b'\x00\x00\x07{"job_id": \xff}', b"\xff key"
SOURCE = topics.physical(NAMESPACE, "jobs.submitted")
ALL = Choice(all_letters=True)
OWN: Headers = (("x-shop", b"\x00\xff"), ("ce_id", b"7"), ("x-shop", None), ("headchef-forwarded-from", b"1/2"))


def dead(record: Record, reason: str = "unknown_model", field: str | None = "model") -> NewRecord:
    """Make a dead letter with the headers that the runtime adds."""
    added = {
        "kafka_original-topic": record.topic,
        "kafka_original-partition": str(record.partition),
        "kafka_original-offset": str(record.offset),
        "kafka_exception-message": "made up",
        "headchef-reason": reason,
        "headchef-field": field or "",
        "headchef-dead-at": "2026-11-20T12:00:00+00:00",
    }
    logical = topics.logical(NAMESPACE, record.topic)
    headers = tuple((name, value.encode()) for name, value in added.items())
    topic = topics.physical(NAMESPACE, f"{logical}.dlq")
    return NewRecord(topic, record.value, record.key, record.partition, (*record.headers, *headers))


def make_record(value: bytes = RAW, headers: Headers = OWN, *, offset: int = 0, topic: str = SOURCE) -> Record:
    return Record(topic, 2, offset, 0, KEY, value, headers)


def make_letter(record: Record, *, offset: int = 0, headers: Headers = ()) -> Letter:
    new = dead(record)
    return Letter("jobs.submitted.dlq", Record(new.topic, 2, offset, 0, new.key, new.value, (*new.headers, *headers)))


async def bury(log: MemoryLog, *records: Record, reason: str = "unknown_model", field: str | None = "model") -> None:
    for record in records:
        letter = dead(record, reason, field)
        logical = topics.logical(NAMESPACE, letter.topic) or ""
        await put(log, logical, letter.value, letter.key, letter.partition, letter.headers)


async def die(
    log: MemoryLog,
    *values: bytes,
    reason: str = "unknown_model",
    field: str | None = "model",
    topic: str = "jobs.submitted",
) -> None:
    """Write records and their dead letters."""
    before = len(await read(log, topic))
    for value in values:
        await put(log, topic, value, KEY, 2, OWN)
    await bury(log, *(await read(log, topic))[before:], reason=reason, field=field)


async def plan_of(log: MemoryLog, choice: Choice = ALL, *, limit: int | None = None, max_redrives: int = 3) -> Plan:
    bounds = Bounds(max_records=10_000, limit=limit, max_redrives=max_redrives)
    return await plan(log, choice, bounds, namespace=NAMESPACE, lanes=["default"], progress=lambda done, total: None)


async def send(log: MemoryLog, found: Plan, stop: asyncio.Event | None = None) -> Sent:
    producer = log.producer("test", None)
    await producer.start()
    records = ((each.letter.place, each.record) for each in found.redrives)
    sent = await publish_records(records, producer, stop=stop or asyncio.Event())
    await producer.close()
    return sent


async def read(log: MemoryLog, topic: str = "jobs.submitted") -> list[Record]:
    reader = await log.reader("test")
    parts = (await partitions_of(log, [topics.physical(NAMESPACE, topic)])).values()
    found = await stretches(reader, [each for group in parts for each in group], 100_000)
    return [record async for record in scan(reader, found)]
