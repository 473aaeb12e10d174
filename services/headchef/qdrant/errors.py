"""Why a store did not do what it was asked."""

from headchef.runtime.errors import HeadchefError


class StoreUnavailable(HeadchefError):
    """The store did not do what it was asked, and may the next time.

    Args:
        reason: machine-readable, for metrics, such as `timeout`.
        message: what happened.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class StoreRefused(StoreUnavailable):
    """The store will not serve this process before somebody changes a setting, a folder or a right."""
