"""Why a source could not be read."""

from typing import Literal

from headchef.runtime.errors import HeadchefError

Reason = Literal[
    "bad_address",
    "host_not_allowed",
    "forbidden_address",
    "forbidden_redirect",
    "http_status",
    "too_large",
    "timeout",
    "unreachable",
    "unreadable",
]


class FetchFailed(HeadchefError):
    """A source has given nothing that can be used.

    Args:
        reason: in a word.
        message: what happened and what would be right; without the query of an address, and without what was read.
        may_pass: whether the same request may fare better later.
        retry_after_s: seconds that the source asked to wait; None where it did not.
    """

    def __init__(
        self, reason: Reason, message: str, *, may_pass: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = message
        self.may_pass = may_pass
        self.retry_after_s = retry_after_s
