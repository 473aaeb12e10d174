"""Where a job belongs: its home partition, and the marks of a record that was sent there."""

from datetime import UTC, datetime

from headchef_contracts.placement import home_partition

from headchef.runtime.log.port import Record
from headchef.runtime.processor import Forward

_LAST_MS = 253_402_300_799_000
"""The end of the year 9999, after which datetime cannot go."""

_DIGITS = 16
"""More are no time that a log can give."""

FORWARDED_TO = "headchef-forwarded-to"
"""Header of a forwarded record: the partition it was sent to. For people: anybody can write it, so no router obeys it.

A router that did would take one job once in each partition. Without it two routers may send a record to and fro while
they count different partitions of a topic that has just grown; the runtime counts anew before it sends one on.
"""

FORWARDED_FROM = "headchef-forwarded-from"
"""Header of a forwarded record: its first place, as `partition/offset`."""

FORWARDED_TIME = "headchef-forwarded-time"
"""Header of a forwarded record: when it came to its first place, in milliseconds of the epoch. The log dates each copy
anew, and a job that was submitted before it was cancelled must not seem younger than that."""


def submitted_ms(record: Record) -> int:
    """Say when a job came to its first place, in milliseconds of the epoch; nobody can make it younger than it is."""
    for name, value in reversed(record.headers):
        if name == FORWARDED_TIME and value is not None and value.isdigit() and len(value) < _DIGITS:
            return min(int(value), record.timestamp_ms)
    return record.timestamp_ms


def submitted_at(record: Record, received_at: datetime) -> datetime:
    """Say when a job was submitted: the record's own time where it is one; some producers send none.

    Args:
        record: as it lies.
        received_at: when it reached this process.
    """
    milliseconds = submitted_ms(record)
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if 0 < milliseconds < _LAST_MS else received_at


def forward(record: Record, job_id: str, conversation_id: str | None, partitions: int) -> Forward | None:
    """Say whether a record must be sent to another partition first.

    Args:
        record: as it lies.
        job_id: of the job.
        conversation_id: of the job, if it has one.
        partitions: how many partitions the topic has.

    Returns:
        Where to, or None if the record is to be handled where it is.
    """
    return forward_to(record, home_partition(job_id, conversation_id, partitions))


def forward_to(record: Record, home: int) -> Forward | None:
    """Say how a record is sent to a partition; None if it is there."""
    if record.partition == home:
        return None
    place = f"{record.partition}/{record.offset}".encode()
    time = str(submitted_ms(record)).encode()
    return Forward(home, ((FORWARDED_TO, str(home).encode()), (FORWARDED_FROM, place), (FORWARDED_TIME, time)))
