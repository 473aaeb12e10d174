"""The commands of the command line: their names, their help, their options."""

import re
from functools import cache

from typer.testing import CliRunner

from headchef.cli.__main__ import app

Name = tuple[str, ...]

COMMANDS: tuple[Name, ...] = (
    ("init",),
    ("demo",),
    ("up",),
    ("submit",),
    ("results",),
    ("rerun",),
    ("explain",),
    ("spend",),
    ("pause",),
    ("resume",),
    ("cancel",),
    ("brakes",),
    ("batch", "wait"),
    ("batch", "show"),
    ("reservation", "list"),
    ("reservation", "release"),
    ("batch", "compare"),
    ("body", "put"),
    ("cache", "correct"),
    ("cache", "invalidate"),
    ("cache", "rebuild"),
    ("cache", "stats"),
    ("cache", "explain"),
    ("cache", "simulate"),
    ("catalog", "apply"),
    ("catalog", "diff"),
    ("catalog", "show"),
    ("tenant", "set"),
    ("tenant", "list"),
    ("tenant", "show"),
    ("workflow", "check"),
    ("workflow", "graph"),
    ("workflow", "run"),
    ("workflow", "test"),
    ("workflow", "apply"),
    ("workflow", "list"),
    ("collection", "load"),
    ("collection", "list"),
    ("review", "list"),
    ("review", "show"),
    ("review", "approve"),
    ("review", "edit"),
    ("review", "reject"),
    ("dlq", "list"),
    ("dlq", "show"),
    ("dlq", "redrive"),
    ("topics", "create"),
    ("topics", "check"),
    ("version",),
)

_WIDTH = 100
_OPTION = re.compile(r"(?<!\S)(--?[a-z][a-z-]*)")


@cache
def help_of(name: Name) -> str:
    """Give a command's help, without the spaces that end its lines."""
    result = CliRunner().invoke(app, [*name, "--help"], prog_name="headchef", terminal_width=_WIDTH)
    assert result.exit_code == 0, result.output
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


def command_of(words: list[str]) -> Name:
    """Give the command that a line calls.

    Raises:
        LookupError: there is no such command.
    """
    for name in COMMANDS:
        if tuple(words[: len(name)]) == name:
            return name
    raise LookupError(f"there is no command `headchef {' '.join(words[:2])}`")


@cache
def options_of(name: Name) -> frozenset[str]:
    """Give the options that a command takes, as its help says."""
    return frozenset(_OPTION.findall(help_of(name).replace(",", " ")))
