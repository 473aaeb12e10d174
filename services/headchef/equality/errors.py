"""What is wrong with a judge of equality that somebody asks for."""

from headchef.document import Place, dotted
from headchef.runtime.errors import HeadchefError


class BadJudge(HeadchefError):
    """A judge that cannot be used.

    Args:
        faults: all that is wrong, at least one: each with its place in what asks for the judge, and what would do.
    """

    def __init__(self, *faults: tuple[Place, str]) -> None:
        super().__init__("; ".join(f"{dotted(place)}: {message}" for place, message in faults))
        self.faults = faults
