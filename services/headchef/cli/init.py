"""`headchef init`: a small project to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from headchef.cli.edge import guarded


@guarded
def init(
    folder: Annotated[
        Path, typer.Argument(help="Where it goes, made if it is not there; here if omitted.", show_default=False)
    ] = Path(),
) -> None:
    """Write a small project: a workflow with prompts and schemas, tests that need no model, rows, a catalogue.

    Nothing is overwritten: if one of its files is there, nothing is written.
    """
    from headchef.cli.beginning.writing import begin

    begin(folder)
