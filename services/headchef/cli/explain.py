"""`headchef explain JOB`: every event of one job in order, over all topics."""

from typing import TYPE_CHECKING, Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.faults import WorkFailed

if TYPE_CHECKING:
    from headchef.cli.cluster import Cluster
    from headchef.cli.history.gather import History
    from headchef.cli.screen import Screen


@guarded
def explain(
    job: Annotated[str, typer.Argument(help="The job's id.")],
    records: Annotated[
        int, typer.Option(min=1, help="Look at this many of the newest records of a partition at most.")
    ] = 1_000_000,
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Tell the story of a job: each hop with its time, the rendered prompt, the answer, the cost.

    Topics whose key tells where the job lies are read in that one partition.
    """
    import asyncio

    from headchef.cli.cluster import named_cluster
    from headchef.cli.history.explanation import as_json as story_as_json
    from headchef.cli.history.view import view
    from headchef.cli.screen import Screen

    screen, cluster = Screen(as_json=as_json), named_cluster()
    history = asyncio.run(_gather(cluster, screen, job, records, patience_s))
    if "jobs.submitted" in history.missing:
        raise WorkFailed("there is no topic of jobs", "make the topics with `headchef topics create`")
    if not history.hops:
        looked = "; older records were not looked at, see --records" if history.skipped else ""
        raise WorkFailed(f'no event of a job "{job}" is in the topics{looked}', "ids are exact: see `headchef results`")
    if as_json:
        screen.data(story_as_json(job, history))
    else:
        screen.write(view(job, history))


async def _gather(cluster: "Cluster", screen: "Screen", job: str, records: int, patience_s: float) -> "History":
    from headchef.cli.bodies import bodies_here
    from headchef.cli.cluster import read_patiently
    from headchef.cli.entries import entries_here
    from headchef.cli.history.gather import gather
    from headchef.cli.history.values import with_values_in

    bodies, entries = bodies_here(), entries_here()
    history = await read_patiently(
        cluster,
        screen,
        "reading topics",
        patience_s,
        lambda log, meter: gather(
            log,
            namespace=cluster.namespace,
            job_id=job,
            max_records=records,
            progress=lambda topic, done, total: meter.update(done, total, topic),
            entries=entries,
        ),
    )
    return await with_values_in(history, bodies)
