"""`headchef catalog apply|diff|show`: the models, lanes, prices and defaults that running services use."""

from pathlib import Path
from typing import Annotated

import typer

from headchef.cli.edge import guarded

commands = typer.Typer(no_args_is_help=True, help="Change models, prices and quotas without a restart.")

File = Annotated[Path, typer.Argument(help="The catalogue, a YAML file.", show_default=False)]
Patience = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@commands.command()
@guarded
def apply(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and compare; publish nothing.")] = False,
    without_credentials: Annotated[
        bool,
        typer.Option(
            "--without-credentials", help="Do not look for API keys and addresses here: only the services have them."
        ),
    ] = False,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """Check a catalogue whole, show what changes, and publish it; services take it up by themselves.

    With any fault nothing is published, and the exit code is 2.
    """
    from headchef.cli.cataloguing.running import Manner
    from headchef.cli.cataloguing.running import apply as carry_out

    carry_out(file, Manner(dry_run, without_credentials, patience_s, as_json))


@commands.command()
@guarded
def diff(file: File, patience_s: Patience = 30, as_json: AsJson = False) -> None:
    """Show in what a catalogue differs from the published one; exit code 1 if it does."""
    from headchef.cli.cataloguing.running import diff as compare

    if compare(file, patience_s, as_json=as_json):
        raise typer.Exit(1)


@commands.command()
@guarded
def show(patience_s: Patience = 30, as_json: AsJson = False) -> None:
    """Write the published catalogue as it was applied, or say that there is none."""
    from headchef.cli.cataloguing.running import show as write_out

    write_out(patience_s, as_json=as_json)
