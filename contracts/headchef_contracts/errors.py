"""What can be wrong with an event or a name, as exceptions that say what would be right.

ContractError
├── UnknownEventType      no event has this type
├── UnknownEventVersion   the type is known, but this program is older (or the version was never published)
├── BrokenContract        the bytes or headers break the contract of their event; names the field
└── UnknownTopic          the topic table has no such topic
"""

from typing import Literal

BreakReason = Literal["not_json", "not_an_object", "schema_registry_framing", "invalid"]


class ContractError(Exception):
    """The root of all errors of the contracts."""


class UnknownEventType(ContractError):
    """No event has this type."""


class UnknownEventVersion(ContractError):
    """The type is known, this version of it is not.

    Args:
        event_type: such as `headchef.job.submitted`.
        version: the version that was asked for.
        newest: the newest version that this program knows.
    """

    def __init__(self, event_type: str, version: int, newest: int) -> None:
        what = f"this program knows versions 1 to {newest}" if newest > 1 else "this program knows version 1 only"
        super().__init__(f"{event_type} has no version {version} here: {what}; update the reader first")
        self.event_type = event_type
        self.version = version
        self.newest = newest


class BrokenContract(ContractError):
    """A record that breaks the contract of its event.

    Args:
        field: dotted path of the first field at fault, or None for the whole record.
        message: what is wrong, and what would be right.
        reason: machine-readable.
    """

    def __init__(self, field: str | None, message: str, reason: BreakReason = "invalid") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message
        self.reason: BreakReason = reason


class UnknownTopic(ContractError, LookupError):
    """The topic table has no such topic."""
