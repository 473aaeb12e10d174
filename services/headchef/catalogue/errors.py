"""What can be wrong with a catalogue: faults, each with its place, and the error that lists them all."""

from dataclasses import dataclass
from pathlib import Path

from headchef.runtime.settings import BadSettings


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a catalogue file.

    Attributes:
        line: counts from 1; 0 where the file as a whole is at fault.
        field: dotted path, such as `models.small.prices.input`; empty for the whole file.
        message: what is wrong, and what would be right.
    """

    line: int
    field: str
    message: str


class BadCatalogue(BadSettings):
    """A catalogue that cannot be used; after its first line the text has one line a fault.

    Args:
        path: the file.
        faults: at least one, in the order of their lines.
    """

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        lines = "\n".join(shown(path, fault) for fault in faults)
        super().__init__("HEADCHEF_CATALOGUE", f"the catalogue cannot be used\n{lines}")
        self.path = path
        self.faults = faults


def shown(path: Path, fault: Fault) -> str:
    """Write a fault with its place, as compilers do: `file:line: field: message`."""
    place = f"{path}:{fault.line}" if fault.line else str(path)
    return f"{place}: {fault.field}: {fault.message}" if fault.field else f"{place}: {fault.message}"
