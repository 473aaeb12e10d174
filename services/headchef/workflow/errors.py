"""The error of a workflow that cannot be used, which lists all that is wrong with it and its files."""

from dataclasses import dataclass
from pathlib import Path

from headchef.document import Fault, shown
from headchef.runtime.errors import HeadchefError


@dataclass(frozen=True, slots=True)
class FaultIn:
    """A fault in one of a workflow's files.

    Attributes:
        path: the workflow file, or a prompt or schema beside it.
        fault: what is wrong there.
    """

    path: Path
    fault: Fault

    def __str__(self) -> str:
        return shown(self.path, self.fault)


class BadWorkflow(HeadchefError):
    """A workflow that cannot be used; the text has one line a fault.

    Args:
        faults: at least one.
    """

    def __init__(self, faults: tuple[FaultIn, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults
