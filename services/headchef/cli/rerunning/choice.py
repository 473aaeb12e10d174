"""Chooses which jobs are run again, and as which run. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from headchef_contracts.events.common import JobClass
from headchef_contracts.events.jobs import JobFinished, JobRefused, JobSubmitted


class Name(NamedTuple):
    """What names a job whatever its runs and revisions."""

    tenant: str
    job_id: str


@dataclass(frozen=True, slots=True)
class Wish:
    """Which jobs are wanted; None stands for any.

    Attributes:
        job_id: this one.
        batch_id: those of this batch.
        tenant: those of this tenant.
        statuses: those whose newest result has one of these.
    """

    job_id: str | None
    batch_id: str | None
    tenant: str | None
    statuses: frozenset[str]

    def names(self, result: JobFinished) -> bool:
        """Whether it is one of these jobs, whatever came of it."""
        job = result.job
        wanted = ((self.job_id, job.job_id), (self.batch_id, job.batch_id), (self.tenant, job.tenant))
        return all(asked is None or asked == found for asked, found in wanted)


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job as it was submitted.

    Attributes:
        job: what was asked.
        door: the class of the topic in which it lies.
        entry: by which it came; None for the public one.
    """

    job: JobSubmitted
    door: JobClass
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be published.

    Attributes:
        jobs: each with its new run.
        passed_over: jobs that are not run again, each with why.
        too_late: how many had a deadline that has passed, and have none now.
    """

    jobs: Sequence[Submitted]
    passed_over: Sequence[tuple[str, str]]
    too_late: int


def newest(results: Iterable[JobFinished]) -> Mapping[Name, JobFinished]:
    """Give the newest result of each job: of the highest revision, and of that the highest run."""
    found: dict[Name, JobFinished] = {}
    for result in results:
        name = Name(result.job.tenant, result.job.job_id)
        before = found.get(name)
        if before is None or (result.job.revision, result.job.run) >= (before.job.revision, before.job.run):
            found[name] = result
    return found


def choose(
    wanted: Mapping[Name, JobFinished], submitted: Iterable[Submitted], refused: Iterable[JobRefused], now: datetime
) -> Choice:
    """Choose.

    Args:
        wanted: the newest result of each job that is to be run again.
        submitted: all that is there of these jobs, in the order in which it was submitted.
        refused: what has not been taken of them: it is not under way.
        now: the time.
    """
    records: dict[Name, list[Submitted]] = {}
    for each in submitted:
        records.setdefault(Name(each.job.tenant, each.job.job_id), []).append(each)
    gone = {(each.tenant, each.job_id, each.run) for each in refused}
    jobs, passed_over, too_late = list[Submitted](), list[tuple[str, str]](), 0
    for name, result in wanted.items():
        ours = records.get(name, [])
        before = next((each for each in ours if _is(each, result)), None)
        later = [each for each in ours if _place(each) > (result.job.revision, result.job.run)]
        under_way = [each for each in later if (*name, each.job.run) not in gone]
        if before is None:
            passed_over.append((name.job_id, "what was submitted is not kept any more: submit it anew"))
        elif under_way:
            job = under_way[-1].job
            passed_over.append((name.job_id, f"run {job.run} of revision {job.revision} has no result yet"))
        else:
            deadline = before.job.deadline
            late = deadline is not None and deadline <= now
            runs = [each.job.run for each in ours if each.job.revision == result.job.revision]
            changes = {"run": max(runs) + 1, **({"deadline": None} if late else {})}
            jobs.append(Submitted(before.job.model_copy(update=changes), before.door, before.entry))
            too_late += late
    return Choice(jobs, passed_over, too_late)


def _is(each: Submitted, result: JobFinished) -> bool:
    return _place(each) == (result.job.revision, result.job.run)


def _place(each: Submitted) -> tuple[int, int]:
    return each.job.revision, each.job.run
