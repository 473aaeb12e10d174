"""The ways a command can end badly, each with its exit code.

    CommandFault
    ├── WrongUsage   an option, a file or a setting is wrong → 2, and nothing was done
    ├── WorkFailed   the work was tried and did not succeed  → 1
    └── NotInTime    what was waited for is not there yet    → 2, and whether it succeeds is not known

`BadLine` is a fault in one line of an input, before it is known what to do about it.
"""

from dataclasses import dataclass


class CommandFault(Exception):
    """The root of what a command reports and ends with.

    Args:
        message: what is wrong, naming the option, file, line or field.
        hint: what would be right, or what to do next; empty if the message says it all.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WrongUsage(CommandFault):
    """An option, a file or a setting is wrong, and nothing was done."""

    exit_code = 2


class WorkFailed(CommandFault):
    """The work was tried and did not succeed, or not wholly."""

    exit_code = 1


class NotInTime(CommandFault):
    """What was waited for is not there yet; only for commands that tell that from a failure."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with one line of an input file.

    Attributes:
        name: the file, as the user named it.
        line: counted from 1; 0 for the whole file.
        field: the column or dotted field at fault, or None.
        message: what is wrong and what would be right.
    """

    name: str
    line: int
    field: str | None
    message: str

    def __str__(self) -> str:
        place = f"{self.name}, line {self.line}" if self.line else self.name
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class BadLine(Exception):
    """One line of an input file is wrong; the lines after it may be right."""

    def __init__(self, fault: LineFault) -> None:
        super().__init__(str(fault))
        self.fault = fault
