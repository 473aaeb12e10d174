"""Why a collection has given nothing."""

from typing import Literal

from headchef.runtime.errors import HeadchefError

Reason = Literal["unknown_collection", "no_collection", "bad_query", "store", "embedder", "timeout", "too_large"]


class RetrievalFailed(HeadchefError):
    """A collection has given nothing that can be used.

    Args:
        reason: in a word.
        message: what happened and what would be right.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = message
