"""Where a job belongs: its home partition, and the mark of a record that was sent there."""

from headchef_contracts.placement import home_partition

from headchef.runtime.log.port import Headers, Record
from headchef.runtime.processor import Forward

FORWARDED_TO = "headchef-forwarded-to"
"""Header of a forwarded record: the partition it was sent to. There it is handled, and never sent on."""

FORWARDED_FROM = "headchef-forwarded-from"
"""Header of a forwarded record: its first place, as `partition/offset`."""


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
    home = home_partition(job_id, conversation_id, partitions)
    if record.partition == home or _sent_here(record):
        return None
    place = f"{record.partition}/{record.offset}".encode()
    return Forward(home, ((FORWARDED_TO, str(home).encode()), (FORWARDED_FROM, place)))


def _sent_here(record: Record) -> bool:
    """Whether the last mark names this very partition: one with another number was not made by a router."""
    marks: Headers = tuple(header for header in record.headers if header[0] == FORWARDED_TO)
    return bool(marks) and marks[-1][1] == str(record.partition).encode()
