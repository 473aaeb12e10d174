"""The error of a catalogue that cannot be used, which lists all that is wrong with it."""

from pathlib import Path

from headchef.document import Fault, shown
from headchef.runtime.settings import BadSettings


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
