"""Says for the answers of which jobs the steps of an unfinished job wait, by the state of the cache."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from headchef_contracts import topics
from headchef_contracts.events.steps import StepCompleted, StepDispatched, StepPlanned

from headchef.cache.waiting import WAITING
from headchef.cache.waiting.line import Line, key_of, read_line
from headchef.cache.waiting.parked import Parked, keeps_a_step, read_parked
from headchef.cache.waiting.policy import may_wait_for
from headchef.cli.history.hop import Hop, Place
from headchef.cli.history.scan import newest_of, partitions_of, scan, stretches
from headchef.runtime.log.port import Log, Partition, Reader
from headchef.runtime.processor import TIMERS
from headchef.runtime.timers import read_timer
from headchef.workflow.model import ONLY_STEP

_ALL = 2**62


@dataclass(frozen=True, slots=True)
class Wait:
    """A step that waits for the answer to the same question.

    Attributes:
        step_id: of the step.
        item: of the step; None where it has none.
        job_id: of the job whose answer it waits for, of several the one that asked first; None where none asks now.
        since: when it began to wait.
    """

    step_id: str
    item: str | None
    job_id: str | None
    since: datetime

    @property
    def words(self) -> str:
        """Say it in words."""
        unit = self.step_id if self.item is None else f"{self.step_id}[{self.item}]"
        whose = "the answer to the same question" if self.job_id is None else f"the answer of job {self.job_id}"
        words = f"waits for {whose} since {self.since:%Y-%m-%d %H:%M:%S} UTC"
        return words if self.step_id == ONLY_STEP else f"{unit} {words}"


async def waits(log: Log, namespace: str, hops: Sequence[Hop]) -> Sequence[Wait]:
    """Give the steps that wait, the longest first.

    Args:
        log: the cluster; one without the state of a cache has nobody waiting.
        namespace: first part of the topics' names.
        hops: what is known of the job.

    Raises:
        UnknownVersion: a newer cache wrote its state.
    """
    planned = _not_sent(hops)
    tasks = {partition for _, partition, _ in planned}
    if not tasks:
        return ()
    reader = await log.reader(f"{namespace}.waiting")
    try:
        timers = await _state(log, reader, namespace, TIMERS, tasks)
        lines = await _state(log, reader, namespace, WAITING, tasks)
    finally:
        await reader.close()
    kept = (
        read_parked(read_timer(key, value)[0].payload)
        for key, value in timers.items()
        if keeps_a_step(key.decode(errors="replace"))
    )
    ours = sorted(
        (each for each in kept if (each.cause.topic, each.cause.partition, each.cause.offset) in planned),
        key=lambda each: each.at,
    )
    return [_wait(each, lines.get(key_of(each.step))) for each in ours]


def _wait(parked: Parked, written: bytes | None) -> Wait:
    step, line = parked.step, Line() if written is None else read_line(written)
    asks = (each.job_id for each in line.leaders if may_wait_for(step.job.job_class, each.job_class))
    return Wait(step.step_id, step.item, next(asks, None), parked.at)


def _not_sent(hops: Sequence[Hop]) -> Collection[Place]:
    """Give the plans of which no later event is known."""
    went_on = {cause for hop in hops if isinstance(hop.event, StepDispatched | StepCompleted) for cause in hop.causes}
    return {hop.place for hop in hops if isinstance(hop.event, StepPlanned)} - went_on


async def _state(log: Log, reader: Reader, namespace: str, store: str, tasks: Collection[int]) -> dict[bytes, bytes]:
    """Read what a store of the cache has, in some of its tasks."""
    name = topics.physical(namespace, f"cache.{store}.changelog")
    partitions: Sequence[Partition] = (await partitions_of(log, [name])).get(name, [])
    parts = await stretches(reader, [each for each in partitions if each.number in tasks], _ALL)
    return await newest_of(scan(reader, parts))
