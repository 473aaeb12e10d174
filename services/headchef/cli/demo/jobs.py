"""The demo's jobs: one prompt for each car, and the landing-page workflow for each city."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain, islice, zip_longest

import orjson

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.output import OutputSpec

from headchef.cli.demo.data import cars, cities
from headchef.cli.demo.sources import workflow_name

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


def demo_jobs(batch: str, count: int | None, facts_at: str) -> list[DemoJob]:
    """Make the jobs of one demo.

    Args:
        batch: batch id, and the start of all job ids, so that two demos do not meet.
        count: how many, cars and cities in turn; None makes one of each row, cars first.
        facts_at: host and port that serve the facts of cities.
    """
    products = _products(batch)
    pages = _landing_pages(batch, facts_at)
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


def _products(batch: str) -> Iterator[DemoJob]:
    folder = files("headchef.cli.demo") / "content"
    prompt = Inline(inline=folder.joinpath("product.j2").read_text("utf-8"))
    schema = orjson.loads(folder.joinpath("product.schema.json").read_bytes())
    output = OutputSpec(json_schema=schema, repairs=_REPAIRS)
    for row in cars():
        job = JobSubmitted(
            job_id=f"{batch}-product-{row['sku']}".lower(),
            prompt=prompt,
            input=Inline(inline=row),
            output=output,
            batch_id=batch,
            subject=row["name"][:200],
        )
        yield DemoJob("product", job)


def _landing_pages(batch: str, facts_at: str) -> Iterator[DemoJob]:
    for row in cities():
        brief = {name: row[name] for name in ("service", "place", "country")}
        job = JobSubmitted(
            job_id=f"{batch}-landing-{row['id']}",
            workflow=f"{workflow_name(batch)}@1",
            input=Inline(inline={**brief, "facts_url": f"http://{facts_at}/facts/{row['id']}.json"}),
            batch_id=batch,
            subject=row["place"][:200],
        )
        yield DemoJob("landing page", job)
