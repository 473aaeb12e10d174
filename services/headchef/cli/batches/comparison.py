"""Pairs the results of two batches job by job, and says where they differ. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from headchef_contracts.events.jobs import JobFinished

from headchef.cli.history.describe import body_value
from headchef.document import differing


@dataclass(frozen=True, slots=True)
class Pair:
    """One job in both batches.

    Attributes:
        job_id: its id.
        before: its newest result in the first batch.
        after: its newest result in the second one.
    """

    job_id: str
    before: JobFinished
    after: JobFinished

    @property
    def is_equal(self) -> bool:
        """Whether status, output and findings are the same."""
        return _content(self.before) == _content(self.after)

    def difference(self, names: tuple[str, str]) -> str:
        """Say line by line where they differ.

        Args:
            names: of the batches.
        """
        return differing(_content(self.before), _content(self.after), names)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two batches side by side.

    Attributes:
        pairs: the jobs that both have, by their ids.
        only_before: ids of jobs that only the first one has.
        only_after: ids of jobs that only the second one has.
    """

    pairs: tuple[Pair, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    @property
    def unequal(self) -> tuple[Pair, ...]:
        """The jobs that came to something else."""
        return tuple(pair for pair in self.pairs if not pair.is_equal)


def newest(results: Iterable[JobFinished]) -> dict[str, JobFinished]:
    """Give each job's newest result, as batches count them: by revision, then by run."""
    found: dict[str, JobFinished] = {}
    for result in results:
        known = found.setdefault(result.job.job_id, result)
        if (result.job.revision, result.job.run) > (known.job.revision, known.job.run):
            found[result.job.job_id] = result
    return found


def compared(before: Mapping[str, JobFinished], after: Mapping[str, JobFinished]) -> Comparison:
    """Pair two batches.

    Args:
        before: results by job id.
        after: likewise.
    """
    return Comparison(
        tuple(Pair(job_id, before[job_id], after[job_id]) for job_id in sorted(before.keys() & after.keys())),
        tuple(sorted(before.keys() - after.keys())),
        tuple(sorted(after.keys() - before.keys())),
    )


def _content(result: JobFinished) -> dict[str, Any]:
    """Give what a job came to; what it cost and how long it took are no part of that."""
    failure = {} if result.failure is None else {"failure": result.failure.reason}
    return {
        "status": result.status,
        "output": body_value(result.output),
        "findings": [finding.model_dump() for finding in result.findings],
        **failure,
    }
