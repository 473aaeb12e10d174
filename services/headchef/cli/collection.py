"""`headchef collection load|list`: fill the collections that workflows look into, and see what there is."""

from pathlib import Path
from typing import Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named

commands = typer.Typer(no_args_is_help=True, help="Fill the collections of texts that workflows look into.")

AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@commands.command()
@guarded
def load(
    name: Annotated[str, typer.Argument(help="As HEADCHEF_COLLECTIONS describes it.", show_default=False)],
    file: Annotated[
        Path,
        typer.Argument(help='JSON lines: {"id": "a", "text": "…", "payload": {"locale": "en"}}.', show_default=False),
    ],
    tenant: Annotated[
        str, typer.Option(callback=tenant_named, help="Whose texts they are, unless the collection is shared.")
    ] = "default",
    as_json: AsJson = False,
) -> None:
    """Put texts into a collection, each in the place of an earlier one with its id; make it if absent."""
    from headchef.cli.collecting.running import load as carry_out

    carry_out(name, file, tenant, as_json=as_json)


@commands.command("list")
@guarded
def list_(as_json: AsJson = False) -> None:
    """Show the collections that are described, and how many texts each has."""
    from headchef.cli.collecting.running import show

    show(as_json=as_json)
