"""What is wrong with a check that somebody asks for."""

from typing import NamedTuple

from headchef.document import Place, dotted
from headchef.runtime.errors import HeadchefError


class CheckFault(NamedTuple):
    """One thing that is wrong with it.

    Attributes:
        place: the argument at fault, in what asks for the check; empty for the whole.
        message: what is wrong, and what would be right.
    """

    place: Place
    message: str


class BadCheck(HeadchefError):
    """A check that cannot be used.

    Args:
        faults: all that is wrong with it, at least one.
    """

    def __init__(self, *faults: CheckFault) -> None:
        super().__init__("; ".join(f"{dotted(place)}: {message}" if place else message for place, message in faults))
        self.faults = faults
