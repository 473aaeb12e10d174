"""The demo's jobs: one for each car and each city, with template, input and output schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain, islice, zip_longest

import orjson

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted, OutputSpec

from headchef.cli.demo.data import cars, cities

_REPEATED_EVERY = 10
_REPAIRS = 1


@dataclass(frozen=True, slots=True)
class DemoJob:
    """A job and what sort of content it makes.

    Attributes:
        kind: for the page.
        job: to be submitted.
    """

    kind: str
    job: JobSubmitted


def demo_jobs(batch: str, count: int | None) -> list[DemoJob]:
    """Make the jobs of one demo.

    Args:
        batch: batch id, and the start of all job ids, so that two demos do not meet.
        count: how many, cars and cities in turn; None makes one of each row, cars first.
    """
    products = _jobs("product", "product", cars(), batch, "sku")
    pages = _jobs("landing page", "landing", cities(), batch, "id")
    if count is None:
        return [*products, *pages]
    in_turn = chain.from_iterable(zip_longest(products, pages))
    return list(islice((job for job in in_turn if job is not None), count))


def repeated(jobs: list[DemoJob]) -> list[DemoJob]:
    """Give every tenth job again under a new id."""
    return [
        DemoJob(each.kind, each.job.model_copy(update={"job_id": f"{each.job.job_id}-again"}))
        for each in jobs[::_REPEATED_EVERY]
    ]


def _jobs(kind: str, name: str, rows: list[dict[str, object]], batch: str, id_field: str) -> Iterator[DemoJob]:
    folder = files("headchef.cli.demo") / "content"
    prompt = Inline(inline=folder.joinpath(f"{name}.j2").read_text("utf-8"))
    schema = orjson.loads(folder.joinpath(f"{name}.schema.json").read_bytes())
    output = OutputSpec(json_schema=schema, repairs=_REPAIRS)
    for row in rows:
        job = JobSubmitted(
            job_id=f"{batch}-{name}-{row[id_field]}".lower(),
            prompt=prompt,
            input=Inline(inline=row),
            output=output,
            batch_id=batch,
            subject=str(row.get("name") or row.get("place"))[:200],
        )
        yield DemoJob(kind, job)
