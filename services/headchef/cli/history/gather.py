"""Collects every event of one job from all topics, reading only the partitions that can hold it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from headchef_contracts import placement, topics
from headchef_contracts.events.common import JOB_CLASSES, JobHead
from headchef_contracts.events.jobs import JobFinished, JobRefused, JobSubmitted
from headchef_contracts.events.judgements import JudgementEnded
from headchef_contracts.events.reservations import ReservationAnswered
from headchef_contracts.events.steps import StepCompleted, StepDispatched, StepJudged, StepPlanned

from headchef.cli.history.held import held
from headchef.cli.history.hop import Hop, in_order
from headchef.cli.history.reading import JobFilter, head_of
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.cli.history.waiting import Wait, waits
from headchef.runtime.log.port import Log, Partition, Reader

_BY_JOB = ("jobs.finished", "steps.completed", "attempts.recorded", "jobs.refused")
_PLANNED = tuple(topics.of_class("steps.planned", job_class) for job_class in JOB_CLASSES)
_DEFAULT_LANE = "default"
_WITH_STEP = (StepPlanned, StepDispatched, StepCompleted, StepJudged)

Progress = Callable[[str, int, int], None]
"""Told a topic, how many offsets of this stage have been passed, and how many there are."""


@dataclass(frozen=True, slots=True)
class History:
    """What the log knows of a job.

    Attributes:
        hops: its events, causes first.
        skipped: by logical topic, how many older records were not looked at.
        missing: topics that do not exist.
        held: which pause keeps it from going on, in words; None for an ended job, and where none does.
        waits: its steps that wait for the answer to the same question; none of an ended job.
    """

    hops: Sequence[Hop]
    skipped: dict[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    held: str | None = None
    waits: Sequence[Wait] = ()


async def gather(
    log: Log, *, namespace: str, job_id: str, max_records: int, progress: Progress, entries: Sequence[str] = ()
) -> History:
    """Find all events of a job.

    Topics keyed by job id are read in one partition; what they say (home partition, fingerprint, lane) tells where to
    look in the others. Where nothing tells, all partitions are read.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        job_id: the job.
        max_records: at most this many of the newest offsets of a partition are looked at.
        progress: told how far the reading is.
        entries: those beside the public one.
    """
    doors = [topics.of_class(topics.door(entry), each) for entry in (None, *entries) for each in JOB_CLASSES]
    reader = await log.reader(f"{namespace}.explain")
    try:
        search = _Search(log, reader, namespace, job_id, max_records, progress)
        await search.read(_BY_JOB, key=job_id.encode())
        await search.read_submissions(doors)
        await search.read_steps()
    finally:
        await reader.close()
    hops = in_order(search.hops)
    held_by = await search.held() if search.is_unfinished else None
    waiting = await waits(log, namespace, hops) if search.is_unfinished else ()
    return History(hops, search.skipped, tuple(search.missing), held_by, waiting)


class _Search:
    def __init__(
        self, log: Log, reader: Reader, namespace: str, job_id: str, max_records: int, progress: Progress
    ) -> None:
        self.hops: list[Hop] = []
        self.skipped: dict[str, int] = {}
        self.missing: list[str] = []
        self._log = log
        self._reader = reader
        self._namespace = namespace
        self._job_id = job_id
        self._filter = JobFilter(job_id)
        self._max_records = max_records
        self._progress = progress

    async def read(
        self, names: Iterable[str], *, key: bytes | None = None, number: int | None = None, without: int | None = None
    ) -> None:
        """Read topics: the partition of a key, one partition, all but one, or all."""
        logical = {topics.physical(self._namespace, name): name for name in names}
        found = await partitions_of(self._log, logical)
        self.missing += [name for physical, name in logical.items() if physical not in found]
        chosen: list[Partition] = []
        for partitions in found.values():
            wanted = placement.partition_for(key, len(partitions)) if key is not None else number
            chosen += [p for p in partitions if (wanted is None or p.number == wanted) and p.number != without]
        parts = await stretches(self._reader, chosen, self._max_records)
        total = sum(part.end - part.start for part in parts)
        for part in parts:
            if part.skipped:
                name = logical[part.partition.topic]
                self.skipped[name] = self.skipped.get(name, 0) + part.skipped
        label = ", ".join(logical.values())
        async for record in scan(self._reader, parts, lambda done: self._progress(label, done, total)):
            hop = self._filter.read(logical[record.topic], record)
            if hop is not None:
                self.hops.append(hop)

    async def read_submissions(self, doors: Sequence[str]) -> None:
        """Read the home partition, where the router brings every copy; the others if it holds none."""
        counts = await self._log.partition_counts([topics.physical(self._namespace, doors[0])])
        head = self._head()
        home = None if head is None else head.home_partition
        if home is None and counts:
            home = placement.home_partition(self._job_id, None, next(iter(counts.values())))
        await self.read(doors, number=home)
        if counts and not any(hop.topic in doors for hop in self.hops):
            await self.read(doors, without=home)

    async def read_steps(self) -> None:
        """Read the topics of steps: by fingerprint, by home, by lane and class."""
        prints = self._fingerprints()
        if prints:
            await self._read_judged()
        if prints and not self._waits_for_another_model():
            for fingerprint in prints:
                await self.read(_PLANNED, key=fingerprint.encode())
        else:
            await self.read(_PLANNED)
        if not prints:
            await self._read_judged()
        lanes = {hop.event.step.request.lane for hop in self.hops if isinstance(hop.event, _WITH_STEP)}
        if (head := self._head()) is not None:
            names = (f"steps.dispatched.{lane}" for lane in sorted(lanes or {_DEFAULT_LANE}))
            await self.read([topics.of_class(name, head.job_class) for name in names])
        if head is not None and self._goes_through_a_workflow():
            ended = ["calls.ended", "fetches.ended", "retrievals.ended", "reservations.answered"]
            await self.read(ended, number=head.home_partition)
            await self.read(["reviews"], key=self._job_id.encode())
            planned = ("calls.planned", "fetches.planned", "retrievals.planned")
            await self.read([topics.of_class(name, head.job_class) for name in planned])
            if self.is_unfinished or any(isinstance(hop.event, ReservationAnswered) for hop in self.hops):
                await self.read(["reservations.asked"])
        for fingerprint in self._fingerprints():
            await self.read(["cache.settled"], key=fingerprint.encode())
        await self._read_observed()

    async def _read_observed(self) -> None:
        """Read what pools were told of the job, and what it tells a pool."""
        head = self._head()
        judges = head is not None and head.judgement_of is not None
        if judges:
            await self.read(["judgements.planned"], key=self._job_id.encode())
        if judges or any(isinstance(hop.event, _WITH_STEP) and hop.event.step.semantic for hop in self.hops):
            await self.read(["cache.observed"])

    @property
    def is_unfinished(self) -> bool:
        """Whether nothing tells of an end."""
        return not any(isinstance(hop.event, JobFinished | JobRefused | JudgementEnded) for hop in self.hops)

    async def held(self) -> str | None:
        """Say which pause holds the job, at the lane of its newest plan."""
        steps = [hop.event.step for hop in self.hops if isinstance(hop.event, _WITH_STEP)]
        if not steps:
            return None
        newest = max(steps, key=lambda step: (step.job.run, step.job.revision, step.plan))
        return await held(self._log, self._namespace, newest.job, newest.request.lane)

    async def _read_judged(self) -> None:
        if (head := self._head()) is not None:
            await self.read(["steps.judged"], number=head.home_partition)

    def _head(self) -> JobHead | None:
        return next((job for hop in self.hops if (job := head_of(hop.event))), None)

    def _goes_through_a_workflow(self) -> bool:
        return any(isinstance(hop.event, JobSubmitted) and hop.event.workflow is not None for hop in self.hops)

    def _waits_for_another_model(self) -> bool:
        """Say whether a plan is under way of which no event by the job's id tells, nor hence its fingerprint."""
        if self._goes_through_a_workflow():
            return self.is_unfinished
        events = [hop.event for hop in self.hops]
        told = {_name(event.job) for event in events if isinstance(event, JobFinished)}
        plans = {(_name(event.step.job), event.step.plan) for event in events if isinstance(event, StepCompleted)}
        return any(
            (name := _name(event.step.job)) not in told and (name, event.step.plan + 1) not in plans
            for event in events
            if isinstance(event, StepJudged)
        )

    def _fingerprints(self) -> list[str]:
        return sorted({hop.event.step.fingerprint for hop in self.hops if isinstance(hop.event, _WITH_STEP)})


def _name(job: JobHead) -> tuple[str, str, int, int]:
    return job.tenant, job.job_id, job.run, job.revision
