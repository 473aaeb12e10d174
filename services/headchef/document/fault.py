"""One thing that is wrong in a file that a person wrote, with its place."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a file.

    Attributes:
        line: counts from 1; 0 where the file as a whole is at fault.
        field: dotted path, such as `models.small.prices.input`; empty for the whole file.
        message: what is wrong, and what would be right.
        column: counts from 1; 0 where only the line is known.
    """

    line: int
    field: str
    message: str
    column: int = 0


def shown(path: Path, fault: Fault) -> str:
    """Write a fault with its place, as compilers do: `file:line:column: field: message`."""
    place = ":".join(str(part) for part in (path, fault.line, fault.column) if part)
    return f"{place}: {fault.field}: {fault.message}" if fault.field else f"{place}: {fault.message}"
