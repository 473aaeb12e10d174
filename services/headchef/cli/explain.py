"""`headchef explain JOB`: every event of one job in order, over all topics."""

from typing import Annotated

import typer

from headchef.cli.edge import guarded


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

    from headchef.cli.bodies import bodies_here
    from headchef.cli.cluster import named_cluster
    from headchef.cli.history.explanation import as_json as story_as_json
    from headchef.cli.history.finding import history_of
    from headchef.cli.history.values import with_values_in
    from headchef.cli.history.view import view
    from headchef.cli.screen import Screen

    screen, bodies = Screen(as_json=as_json), bodies_here()
    history = asyncio.run(with_values_in(history_of(job, named_cluster(), screen, records, patience_s), bodies))
    if as_json:
        screen.data(story_as_json(job, history))
    else:
        screen.write(view(job, history))
