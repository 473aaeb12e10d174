"""`headchef batch wait|show|compare`: wait until a batch has finished, see how far it is, or what another one gave."""

from typing import Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named

commands = typer.Typer(no_args_is_help=True, help="Wait for a batch of jobs, see how far it is, or compare two.")

BatchId = Annotated[str, typer.Argument(help="Its id.", metavar="BATCH", show_default=False)]
Tenant = Annotated[str, typer.Option(callback=tenant_named, help="Whose batch it is.")]
Patience = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@commands.command()
@guarded
def wait(
    batch_id: BatchId,
    tenant: Tenant = "default",
    timeout_s: Annotated[
        float | None, typer.Option("--timeout", min=0, help="Seconds to wait; as long as it takes if omitted.")
    ] = None,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """Wait until all jobs of a batch have ended, and show what they came to.

    Exit codes: 0 all jobs have a good answer; 1 not all of them have; 2 the batch has not finished in time, and what is
    known of it is shown. A batch finishes if its jobs say how many it has, as `headchef submit FILE --batch` does.

    A pause of the batch is told with its reason when it begins, and when it ends; waiting goes on.
    """
    from headchef.cli.batches.running import wait as carry_out

    carry_out(batch_id, tenant, timeout_s=timeout_s, patience_s=patience_s, as_json=as_json)


@commands.command()
@guarded
def show(batch_id: BatchId, tenant: Tenant = "default", patience_s: Patience = 30, as_json: AsJson = False) -> None:
    """Show how many jobs of a batch have ended, what they came to and cost, why they failed, and what pauses the batch.

    Each job counts once, by its newest result. A batch that was heard of last over 7 days ago is shown if it finished.
    """
    from headchef.cli.batches.running import show as carry_out

    carry_out(batch_id, tenant, patience_s=patience_s, as_json=as_json)


@commands.command()
@guarded
def compare(
    before: Annotated[str, typer.Argument(help="A batch.", metavar="BEFORE", show_default=False)],
    after: Annotated[str, typer.Argument(help="Another one.", metavar="AFTER", show_default=False)],
    tenant: Annotated[str, typer.Option(callback=tenant_named, help="Whose batches they are.")] = "default",
    shown: Annotated[int, typer.Option("--show", min=0, help="Jobs that differ to show at length.")] = 3,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """Compare what the same jobs came to in two batches: figures, and each output line by line.

    A job is the same if its id is: submit the rows again with --run 1 and another --batch. Each job counts by its
    newest result in each batch; refused jobs are left out. Exit code 1 if there is nothing to compare.
    """
    from headchef.cli.batches.comparing import compare as carry_out

    carry_out((before, after), tenant, shown=shown, patience_s=patience_s, as_json=as_json)
