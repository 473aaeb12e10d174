"""Tells which records belong to a job, and opens them."""

import json
from typing import Any

from headchef_contracts import cloudevents, registry
from headchef_contracts.events.common import Event, JobHead
from headchef_contracts.events.jobs import JobSubmitted

from headchef.cli.history.hop import Hop
from headchef.runtime.log.port import Record


class JobFilter:
    """Picks the records of one job.

    Args:
        job_id: the job's id.
    """

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self._key = job_id.encode()
        self._needles = tuple(
            {json.dumps(job_id, ensure_ascii=ascii_only)[1:-1].encode() for ascii_only in (False, True)}
        )

    def read(self, topic: str, record: Record) -> Hop | None:
        """Open a record if it belongs to the job.

        Args:
            topic: logical name of the record's topic.
            record: as it lies in the log.

        Returns:
            The event in its place, or None for a record of another job.
        """
        value = record.value or b""
        if record.key != self._key and not any(needle in value for needle in self._needles):
            return None
        hop = open_record(topic, record)
        return hop if self._is_of_job(hop, record) else None

    def _is_of_job(self, hop: Hop, record: Record) -> bool:
        if hop.event is not None:
            return job_id_of(hop.event) == self._job_id
        return record.key == self._key or _job_id_in(record.value) == self._job_id


def open_record(topic: str, record: Record) -> Hop:
    """Decode a record; one that cannot be decoded keeps its bytes and says why."""
    value = record.value or b""
    event, event_type, event_id, fault = None, None, None, None
    try:
        attributes = cloudevents.from_headers(record.headers)
        if attributes is None and cloudevents.is_structured(record.headers):
            attributes, value = cloudevents.from_structured(value)
        event_type = attributes.type if attributes else JobSubmitted.event_type
        event_id = attributes.id if attributes else None
        event = registry.decode(event_type, attributes.version if attributes else JobSubmitted.version, value)
    except registry.ContractError as error:
        fault = f"cannot be read: {error}"
    return Hop(
        topic,
        record.partition,
        record.offset,
        record.timestamp_ms,
        event_type,
        event_id,
        event,
        fault,
        record.value or b"",
    )


def head_of(event: Event | None) -> JobHead | None:
    """Give the head that an event of a job carries, wherever it does."""
    holder: Any = getattr(event, "step", event)
    job = getattr(holder, "job", None)
    return job if isinstance(job, JobHead) else None


def job_id_of(event: Event) -> str | None:
    """Give the id of the job that an event belongs to."""
    job = head_of(event)
    if job is not None:
        return job.job_id
    named: Any = getattr(event, "job_id", None) or getattr(event, "source_job_id", None)
    if named is None and (asker := getattr(event, "asker", None)) is not None:
        named = asker.job_id
    return named if isinstance(named, str) else None


def _job_id_in(value: bytes | None) -> Any:
    try:
        parsed = json.loads(value or b"")
    except (ValueError, UnicodeDecodeError):
        return None
    return parsed.get("job_id") if isinstance(parsed, dict) else None
