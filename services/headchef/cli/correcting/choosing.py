"""Chooses which answer of a job a person means, and says as an event that it was wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Inline, JobHead
from headchef_contracts.events.corrections import MAX_BECAUSE, AnswerCorrected, sha256_of
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.semantic import Asker
from headchef_contracts.events.steps import StepCompleted

from headchef.cli.correcting.reading import Answers
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.reviewing.reading import unit_of
from headchef.pooled import asker_of

_MOST_NAMED = 10
_LONGEST_BY = 200

Unit = tuple[str, str | None]
"""A step of a job, and the item of it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says.

    Attributes:
        job_id: in whose result the answer was found.
        by: who says so.
        because: why.
        right: what would have been right; None where nothing is said of that.
        step: of a workflow's job.
        item: of the step, where it has several.
        tenant: whose job it is, where several have one of this name.
    """

    job_id: str
    by: str
    because: str | None = None
    right: Any = None
    step: str | None = None
    item: str | None = None
    tenant: str | None = None

    def see(self) -> None:
        """See that it can be said.

        Raises:
            WrongUsage: an option is wrong.
        """
        if self.because is not None and len(self.because) > MAX_BECAUSE:
            raise WrongUsage(f"--because: has {len(self.because)} characters; at most {MAX_BECAUSE} are kept")
        if not 0 < len(self.by) <= _LONGEST_BY or not self.by.isprintable():
            raise WrongUsage(f"--by: must have 1 to {_LONGEST_BY} characters, none of them a control character")
        if self.item is not None and self.step is None:
            raise WrongUsage("--item says which item of a step is meant, and no step is named", "give --step too")


def correction(said: Said, answers: Answers, at: datetime) -> AnswerCorrected:
    """Say that an answer was wrong: the one that the job's newest run has ended with.

    Args:
        said: which is meant, and why.
        answers: of the job.
        at: when it is said.

    Raises:
        WrongUsage: several answers may be meant, or none of those that there are.
        WorkFailed: the topics know of no answer of the job.
    """
    newest = _newest(said, answers)
    steps = {
        (each.step.step_id, each.step.item): each
        for each in sorted(answers.steps, key=lambda each: each.step.plan)
        if each.answer is not None and _run_of(each.step.job) == newest
    }
    if steps:
        return _of_step(_meant(said, steps), said, at)
    results = [each for each in answers.results if _run_of(each.job) == newest]
    if not results or results[-1].status not in ("ok", "needs_review"):
        status = f'; it ended as "{results[-1].status}"' if results else ""
        raise WorkFailed(f'the job "{said.job_id}" has no answer{status}', "only what was accepted is reused")
    return _of_result(results[-1], said, at)


def _newest(said: Said, answers: Answers) -> tuple[str, int, int]:
    """Give tenant, run and revision of the job's newest run."""
    heads = [*(each.step.job for each in answers.steps), *(each.job for each in answers.results)]
    runs = [_run_of(job) for job in heads if said.tenant in (None, job.tenant)]
    if not runs:
        whose = "" if said.tenant is None else f" of the tenant {said.tenant}"
        looked = "; older records were not looked at, see --records" if answers.skipped else ""
        hint = "ids are exact: see `headchef results`; answers are known for 7 days, results for 30"
        raise WorkFailed(f'no answer of a job "{said.job_id}"{whose} is in the topics{looked}', hint)
    if len(tenants := sorted({tenant for tenant, *_ in runs})) > 1:
        raise WrongUsage(f'several tenants have a job "{said.job_id}": {", ".join(tenants)}', "give --tenant")
    return max(runs)


def _run_of(job: JobHead) -> tuple[str, int, int]:
    return job.tenant, job.revision, job.run


def _meant(said: Said, steps: Mapping[Unit, StepCompleted]) -> StepCompleted:
    fits = [unit for unit in steps if said.step in (None, unit[0]) and (said.item is None or said.item == unit[1])]
    if len(fits) == 1:
        return steps[fits[0]]
    known = ", ".join(_named(fits or list(steps)))
    if not fits:
        what = f"--step {said.step}" + ("" if said.item is None else f" --item {said.item}")
        raise WrongUsage(f"{what}: the job has no such answer", f"it has answers of {known}")
    raise WrongUsage(f"the job has {len(fits)} answers: of {known}", "say by --step and --item which was wrong")


def _named(units: Sequence[Unit]) -> Iterator[str]:
    yield from (unit_of(*unit) for unit in units[:_MOST_NAMED])
    if len(units) > _MOST_NAMED:
        yield "…"


def _of_step(completed: StepCompleted, said: Said, at: datetime) -> AnswerCorrected:
    step, cache = completed.step, completed.cache
    known: dict[str, Any] = {}
    if completed.answer is not None:
        known["output_sha256"] = sha256_of(completed.answer)
    if step.semantic is not None:
        known["semantic"] = step.semantic
    return _event(said, at, asker_of(step), step.job.tenant, step.fingerprint, cache, known)


def _of_result(finished: JobFinished, said: Said, at: datetime) -> AnswerCorrected:
    """Say it of a job of which only the result is known still: of a workflow's that does not name the answers."""
    job, made = finished.job, finished.provenance
    if made.workflow is not None:
        raise WorkFailed(
            f'the answers of the steps of "{said.job_id}" are not known any more, only its result',
            "they are known for 7 days; `headchef cache invalidate` finds answers by a tag, a template or a source",
        )
    asker = Asker.model_validate({"job_id": job.job_id, "run": job.run, "revision": job.revision})
    return _event(said, at, asker, job.tenant, made.fingerprint, finished.cache, {})


def _event(
    said: Said,
    at: datetime,
    asker: Asker,
    tenant: str,
    fingerprint: str,
    cache: CacheUse,
    known: Mapping[str, Any],
) -> AnswerCorrected:
    """Write it; what is not set is not written."""
    other = cache.nearest if cache.kind == "semantic" else None
    optional = {
        "because": said.because,
        "right": None if said.right is None else Inline(inline=said.right),
        **known,
    }
    return AnswerCorrected(
        fingerprint=fingerprint if other is None else other.fingerprint,
        tenant=tenant,
        source_job_id=cache.source_job_id or asker.job_id,
        asker=asker,
        cache=cache,
        by=said.by,
        at=at,
        **{name: value for name, value in optional.items() if value is not None},
    )
