"""Why texts could not be turned into vectors."""

from typing import Literal

from headchef.runtime.errors import HeadchefError

Reason = Literal["http_status", "timeout", "unreachable", "unreadable", "dimensions"]


class EmbeddingFailed(HeadchefError):
    """An embedder has given nothing that can be used.

    Args:
        reason: in a word.
        message: what happened and what would be right; without texts and credentials.
        may_pass: whether the same may fare better later.
        retry_after_s: seconds that the endpoint asked to wait; None where it did not.
    """

    def __init__(
        self, reason: Reason, message: str, *, may_pass: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = message
        self.may_pass = may_pass
        self.retry_after_s = retry_after_s


class EmbedderMissing(HeadchefError):
    """An embedder cannot be had on this machine; the message says what to install."""
