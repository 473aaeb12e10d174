"""Reads a whole input before anything is sent: how many jobs, which lines are wrong, which ids meet."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headchef_contracts import registry
from headchef_contracts.events.jobs import JobSubmitted

from headchef.cli.faults import BadLine, LineFault, WrongUsage
from headchef.cli.submission.jobs import JobOptions, build_job
from headchef.cli.submission.rows import read_rows
from headchef.cli.submission.source import Source

Batch = tuple[str, str]
"""Tenant and batch id."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What an input holds.

    Attributes:
        jobs: how many different jobs it makes.
        repeated: lines that make the same job as an earlier line, and are not sent again.
        faults: what is wrong, in the order of lines.
        batches: how many of the jobs each batch has.
    """

    jobs: int
    repeated: int
    faults: tuple[LineFault, ...]
    batches: Mapping[Batch, int]


def survey(source: Source, options: JobOptions) -> Survey:
    """Check every line of an input.

    Raises:
        WrongUsage: the file as a whole cannot be read.
    """
    jobs, repeated, faults, batches = 0, 0, [], Counter[Batch]()
    for item in _items(source, options):
        if isinstance(item, LineFault):
            faults.append(item)
        elif item is None:
            repeated += 1
        else:
            jobs += 1
            if item.batch_id is not None:
                batches[item.tenant, item.batch_id] += 1
    return Survey(jobs, repeated, tuple(faults), batches)


def jobs_of(source: Source, options: JobOptions, batches: Mapping[Batch, int]) -> Iterator[JobSubmitted]:
    """Give each different job of an input once, in the order of lines; lines with faults are left out.

    Args:
        source: the input.
        options: what holds for all jobs.
        batches: how many jobs each batch has, as its survey found.
    """
    for item in _items(source, options):
        if not isinstance(item, JobSubmitted):
            continue
        if options.sized and item.batch_id is not None and item.batch_size is None:
            yield item.model_copy(update={"batch_size": batches[item.tenant, item.batch_id]})
        else:
            yield item


def _items(source: Source, options: JobOptions) -> Iterator[JobSubmitted | LineFault | None]:
    seen: dict[str, tuple[int, bytes]] = {}
    with source.lines() as lines:
        try:
            for row in read_rows(lines, source.name, source.row_format):
                if isinstance(row, LineFault):
                    yield row
                    continue
                try:
                    job = build_job(row, options, source.name)
                    yield job if _is_new(job, row.line, seen, source.name) else None
                except BadLine as bad:
                    yield bad.fault
        except BadLine as bad:
            raise WrongUsage(str(bad.fault)) from bad


def _is_new(job: JobSubmitted, line: int, seen: dict[str, tuple[int, bytes]], name: str) -> bool:
    digest = hashlib.sha256(registry.encode(job)).digest()[:16]
    identity = f"{job.tenant}\x00{job.job_id}\x00{job.run}\x00{job.revision}"
    earlier = seen.setdefault(identity, (line, digest))
    if earlier[1] != digest:
        message = f'"{job.job_id}" is also the id of another job, in line {earlier[0]}; ids must differ'
        raise BadLine(LineFault(name, line, "job_id", message))
    return earlier[0] == line
