"""Publishes records in windows, and counts what the log has acknowledged, so that an interruption loses nothing."""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from headchef_contracts import cloudevents, placement, registry, topics
from headchef_contracts.events.common import JobClass
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.errors import LogError, LogUnavailable, SendFailed
from headchef.runtime.log.port import NewRecord, Producer

WINDOW = 500
"""Records under way at once: enough for full batches, and few to wait for after Ctrl-C."""

_SOURCE = "/headchef/cli"


@dataclass(slots=True)
class Sent:
    """How far a submission or a re-drive came.

    Attributes:
        acknowledged: records that the log has taken.
        refused: name and reason of records that the log did not take: job ids, or places of dead letters.
        stopped: why the rest was not tried, or None if all were.
    """

    acknowledged: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    stopped: str | None = None


def record_of(
    job: JobSubmitted, namespace: str, partitions: int, job_class: JobClass, entry: str | None = None
) -> NewRecord:
    """Make the record of a job, for its home; its event id follows from the job, so that a repeat is recognised.

    Args:
        job: what to publish.
        namespace: first part of the topic's name.
        partitions: how many the topic has.
        job_class: of a job that names none.
        entry: by which it comes; None for the public one.
    """
    door = topics.of_class(topics.door(entry), job.job_class if "job_class" in job.model_fields_set else job_class)
    written = registry.write(job)
    attributes = cloudevents.Attributes(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{job.tenant}\0{job.job_id}\0{job.run}\0{job.revision}")),
        source=_SOURCE,
        type=job.event_type,
        version=written.version,
        subject=job.job_id,
    )
    return NewRecord(
        topics.physical(namespace, door),
        written.data,
        topics.key_of(door, job),
        placement.home_partition(job.job_id, job.conversation_id, partitions),
        headers=cloudevents.to_headers(attributes),
    )


async def publish_all(
    jobs: Iterable[JobSubmitted],
    producer: Producer,
    *,
    namespace: str,
    partitions: int,
    job_class: JobClass,
    stop: asyncio.Event,
    progress: Callable[[int], None] | None = None,
    entry: str | None = None,
) -> Sent:
    """Publish jobs until all are acknowledged, the log goes away, or `stop` is set.

    Args:
        jobs: read as they are needed.
        producer: started, without transactions.
        namespace: first part of the topic's name.
        partitions: how many the topic has.
        job_class: of jobs that name none.
        stop: looked at between windows; what is under way is waited for.
        progress: told how many jobs are acknowledged.
        entry: by which they come; None for the public one.
    """
    records = ((job.job_id, record_of(job, namespace, partitions, job_class, entry)) for job in jobs)
    return await publish_records(records, producer, stop=stop, progress=progress)


async def publish_records(
    records: Iterable[tuple[str, NewRecord]],
    producer: Producer,
    *,
    stop: asyncio.Event,
    progress: Callable[[int], None] | None = None,
) -> Sent:
    """Publish records until all are acknowledged, the log goes away, or `stop` is set.

    Args:
        records: read as they are needed, each with a name for messages.
        producer: started, without transactions.
        stop: looked at between windows; what is under way is waited for.
        progress: told how many records are acknowledged.
    """
    sent = Sent()
    for window in _windows(records):
        if stop.is_set():
            sent.stopped = "interrupted"
            break
        try:
            await _publish(window, producer, sent)
        except LogError as error:
            sent.stopped = str(error)
            break
        if progress is not None:
            progress(sent.acknowledged)
    return sent


async def _publish(window: Sequence[tuple[str, NewRecord]], producer: Producer, sent: Sent) -> None:
    awaited = await producer.send([record for _, record in window])
    outcomes = await asyncio.gather(*awaited, return_exceptions=True)
    gone: LogError | None = None
    for (name, _), outcome in zip(window, outcomes, strict=True):
        if isinstance(outcome, SendFailed):
            sent.refused.append((name, str(outcome)))
        elif isinstance(outcome, LogError):
            gone = outcome
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            sent.acknowledged += 1
    if gone is not None:
        raise gone if isinstance(gone, LogUnavailable) else LogUnavailable(str(gone))


def _windows(records: Iterable[tuple[str, NewRecord]]) -> Iterator[list[tuple[str, NewRecord]]]:
    left = iter(records)
    while window := list(islice(left, WINDOW)):
        yield window
