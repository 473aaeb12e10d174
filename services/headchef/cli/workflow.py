"""`headchef workflow check|graph`: find what is wrong with a workflow before anything runs, and see its steps."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from headchef.cli.edge import guarded

commands = typer.Typer(no_args_is_help=True, help="Check and draw workflows, the steps of a job in a YAML file.")


class Picture(StrEnum):
    """What a drawing can be."""

    MERMAID = "mermaid"
    SVG = "svg"


@commands.command()
@guarded
def check(
    files: Annotated[list[Path], typer.Argument(help="Workflows, YAML files.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Read workflows with their prompts and schemas, and name every fault by file, line, column and field.

    Nothing is run or published. Exit code 2 if there is a fault.
    """
    from headchef.cli.workflows.running import check as carry_out

    if not carry_out(files, as_json=as_json):
        raise typer.Exit(2)


@commands.command()
@guarded
def graph(
    file: Annotated[Path, typer.Argument(help="A workflow, a YAML file.", show_default=False)],
    picture: Annotated[
        Picture, typer.Option("--as", help='mermaid, or svg, which needs `pip install "headchef[graph]"`.')
    ] = Picture.MERMAID,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file to write, in place of the screen.")
    ] = None,
) -> None:
    """Draw the steps of a workflow and what each waits for."""
    from headchef.cli.workflows.running import draw

    draw(file, picture.value, output)
