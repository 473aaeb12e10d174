"""Reads results and refusals as they come, from any place, as a read_committed consumer sees them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from headchef_contracts import registry, topics
from headchef_contracts.events.common import JobHead
from headchef_contracts.events.jobs import JobFinished, JobRefused, JobSubmitted

from headchef.bodies import Bodies
from headchef.cli.bodies import bodies_here, with_values
from headchef.cli.faults import WorkFailed
from headchef.cli.following.place import TOPICS, Place
from headchef.cli.history.reading import open_record
from headchef.cli.history.scan import partitions_of
from headchef.runtime.log.port import Log, Partition, Reader

_POLL_RECORDS = 1_000

Beginning = Literal["start", "now"] | Place


class Identity(NamedTuple):
    """What names a job."""

    tenant: str
    job_id: str
    run: int
    revision: int


def identity_of(job: JobSubmitted | JobHead) -> Identity:
    """Give what names a job."""
    return Identity(job.tenant, job.job_id, job.run, job.revision)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result or a refusal, and the bytes that it was read from.

    Attributes:
        event: what happened to a job.
        value: JSON as it lies in the log, but for an output that is read from elsewhere.
    """

    event: JobFinished | JobRefused
    value: bytes

    @property
    def job_id(self) -> str | None:
        """Give the job's id; a refused record may have none."""
        return self.event.job.job_id if isinstance(self.event, JobFinished) else self.event.job_id

    @property
    def batch_id(self) -> str | None:
        """Give the batch's id; refusals do not carry one."""
        return self.event.job.batch_id if isinstance(self.event, JobFinished) else None

    @property
    def tenant(self) -> str | None:
        """Give the tenant; a refused record may have none."""
        return self.event.job.tenant if isinstance(self.event, JobFinished) else self.event.tenant

    def may_be_of(self, job: Identity) -> bool:
        """Say whether it is a job's own, and not that of another run; a refusal may not tell all that names its job."""
        if isinstance(self.event, JobFinished):
            return identity_of(self.event.job) == job
        refused = self.event
        return refused.job_id == job.job_id and refused.tenant in (None, job.tenant) and refused.run in (None, job.run)

    @property
    def status(self) -> str:
        """Give the result's status, or `refused`."""
        return self.event.status if isinstance(self.event, JobFinished) else "refused"


class Feed:
    """All outcomes of a namespace, in the order in which they are read.

    Args:
        reader: of its own; its assignment is the feed's.
        logical: logical topic by full name.
        ends: the end of each partition when the feed was opened.
        bodies: reads outputs that are not in the events; None where no store is set.
    """

    def __init__(
        self, reader: Reader, logical: dict[str, str], ends: dict[Partition, int], bodies: Bodies | None = None
    ) -> None:
        self._reader = reader
        self._logical = logical
        self._ends = ends
        self._bodies = bodies

    @property
    def place(self) -> Place:
        """Say where to go on."""
        return {(self._logical[each.topic], each.number): self._reader.position(each) for each in self._ends}

    @property
    def left(self) -> int:
        """Count the offsets up to the ends that there were when the feed was opened."""
        return sum(max(0, end - self._reader.position(each)) for each, end in self._ends.items())

    async def next(self, timeout_s: float) -> Sequence[Outcome]:
        """Give what has come, or nothing after the time-out.

        Raises:
            WorkFailed: a record of these topics cannot be read by this version.
        """
        polled = await self._reader.poll(list(self._ends), max_records=_POLL_RECORDS, timeout_s=timeout_s)
        outcomes = []
        for record in (record for records in polled.values() for record in records):
            hop = open_record(self._logical[record.topic], record)
            if not isinstance(hop.event, JobFinished | JobRefused):
                raise WorkFailed(
                    f"{record.topic}[{record.partition}]@{record.offset}: {hop.fault or 'not a result'}",
                    "if the services are newer than this command line, update it",
                )
            outcomes.append(Outcome(hop.event, hop.value))
        return outcomes

    async def opened(self, outcome: Outcome) -> Outcome:
        """Give an outcome with its output in it, where that lies in a store that can be reached from here."""
        event = await with_values(outcome.event, self._bodies)
        return outcome if event is outcome.event else Outcome(event, registry.encode(event))

    async def close(self) -> None:
        """Stop reading."""
        await self._reader.close()


async def open_feed(
    log: Log, namespace: str, beginning: Beginning, names: Collection[str] = tuple(TOPICS.values())
) -> Feed:
    """Start reading.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        beginning: the first record there is, what comes from now on, or where an earlier reading stopped.
        names: logical topics.

    Raises:
        WorkFailed: the topics do not exist.
        BadSettings: the store of bodies that the environment names cannot be one.
    """
    logical = {topics.physical(namespace, name): name for name in names}
    found = await partitions_of(log, logical)
    missing = sorted(set(logical) - set(found))
    if missing:
        raise WorkFailed(f"there is no topic {missing[0]}", "make the topics with `headchef topics create`")
    reader = await log.reader(f"{namespace}.results")
    bounds = await reader.bounds([each for partitions in found.values() for each in partitions])
    positions = {
        partition: _first(beginning, (logical[partition.topic], partition.number), earliest, end)
        for partition, (earliest, end) in bounds.items()
    }
    await reader.assign(positions)
    return Feed(reader, logical, {partition: end for partition, (_, end) in bounds.items()}, bodies_here())


def _first(beginning: Beginning, place: tuple[str, int], earliest: int, end: int) -> int:
    if beginning == "now":
        return end
    if beginning == "start":
        return earliest
    return max(earliest, min(beginning.get(place, earliest), end))
