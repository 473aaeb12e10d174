"""What the router says no to: the reason, the field at fault, and what would be right."""

from headchef_contracts.events.jobs import RefusalReason


class Refused(Exception):
    """A record that does not become a job.

    Args:
        reason: machine-readable.
        field: dotted path of the field at fault, or None for the whole record.
        message: what is wrong, and what would be right.
    """

    def __init__(self, reason: RefusalReason, field: str | None, message: str) -> None:
        super().__init__(f"{reason}: {field}: {message}" if field else f"{reason}: {message}")
        self.reason: RefusalReason = reason
        self.field = field
        self.message = message
