"""Says in a user's words what settings and the log raise."""

from headchef.cli.faults import CommandFault, WorkFailed, WrongUsage
from headchef.runtime.errors import HeadchefError, LogRefused, LogUnavailable
from headchef.runtime.settings import BadSettings


def as_fault(error: Exception) -> CommandFault | None:
    """Turn an error of the layers below into a fault, or give None for what nobody at the desk can mend."""
    if isinstance(error, BadSettings):
        return WrongUsage(str(error))
    if isinstance(error, LogRefused):
        return WrongUsage(str(error))
    if isinstance(error, LogUnavailable):
        return WorkFailed(str(error), "is the broker running? HEADCHEF_KAFKA names its address")
    if isinstance(error, HeadchefError):
        return WorkFailed(str(error), "nothing unfinished was committed")
    return None
