"""The edge of every command: what it raises becomes a message on standard error and an exit code."""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from headchef.cli.faults import CommandFault

P = ParamSpec("P")
R = TypeVar("R")


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Wrap a command so that it ends with 0, 1 or 2 and never with a traceback for what a user can mend."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except KeyboardInterrupt:
            sys.stderr.write("Stopped.\n")
            raise typer.Exit(1) from None
        except BrokenPipeError:
            sys.stderr.close()
            raise typer.Exit(0) from None
        except Exception as error:
            fault = error if isinstance(error, CommandFault) else _translated(error)
            if fault is None:
                raise
            report(fault)
            raise typer.Exit(fault.exit_code) from error

    return run


def report(fault: CommandFault) -> None:
    """Write a fault to standard error, with what would be right on a line of its own."""
    from headchef.cli.screen import printable

    typer.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    typer.echo(printable(fault.message), err=True)
    if fault.hint:
        typer.echo(f"  → {printable(fault.hint)}", err=True)


def _translated(error: Exception) -> CommandFault | None:
    from headchef.cli.translation import as_fault

    return as_fault(error)
