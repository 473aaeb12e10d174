"""The command line: puts the commands together. Each imports what is slow only when it runs."""

import typer

from headchef.cli import batch, body, cache, catalog, collection, dlq, reservation, review, tenant, topics, workflow
from headchef.cli.brakes import brakes, cancel, pause, resume
from headchef.cli.demo.command import demo
from headchef.cli.explain import explain
from headchef.cli.init import init
from headchef.cli.rerun import rerun
from headchef.cli.results import results
from headchef.cli.spend import spend
from headchef.cli.submit import submit
from headchef.cli.up import up
from headchef.cli.version import version

_HELP = """Content jobs on Apache Kafka: submit them, read validated results, see what happened.

HEADCHEF_KAFKA names the cluster. Exit codes: 0 all is well, 1 the work failed, 2 wrong usage or settings; `batch wait`
and `review` also end with 2 where what they wait for has not come in time.
"""

app = typer.Typer(help=_HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(init)
app.command()(demo)
app.command()(up)
app.command()(submit)
app.command()(results)
app.command()(rerun)
app.command()(explain)
app.command()(spend)
app.command()(pause)
app.command()(resume)
app.command()(cancel)
app.command()(brakes)
app.add_typer(batch.commands, name="batch")
app.add_typer(body.commands, name="body")
app.add_typer(cache.commands, name="cache")
app.add_typer(catalog.commands, name="catalog")
app.add_typer(collection.commands, name="collection")
app.add_typer(dlq.commands, name="dlq")
app.add_typer(reservation.commands, name="reservation")
app.add_typer(review.commands, name="review")
app.add_typer(tenant.commands, name="tenant")
app.add_typer(topics.commands, name="topics")
app.add_typer(workflow.commands, name="workflow")
app.command()(version)


def main() -> None:
    """Run the command line."""
    app(prog_name="headchef")


if __name__ == "__main__":
    main()
