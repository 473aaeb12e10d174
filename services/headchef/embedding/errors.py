"""Why texts could not be turned into vectors."""

from collections.abc import Mapping
from typing import Literal

from headchef.embedding.port import Vector
from headchef.runtime.errors import HeadchefError

Reason = Literal["http_status", "timeout", "unreachable", "unreadable", "dimensions", "rate_limited", "quota"]


class EmbeddingFailed(HeadchefError):
    """An embedder has given nothing that can be used.

    Args:
        reason: in a word.
        message: what happened and what would be right; without texts and credentials.
        may_pass: whether the same may fare better later.
        retry_after_s: seconds that the endpoint asked to wait; None where it did not.
        made: vectors that are at hand all the same, by their texts.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        may_pass: bool = False,
        retry_after_s: float | None = None,
        made: Mapping[str, Vector] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = message
        self.may_pass = may_pass
        self.retry_after_s = retry_after_s
        self.made: Mapping[str, Vector] = {} if made is None else made

    @property
    def withheld(self) -> bool:
        """Whether nothing is wrong, but a quota used up: whoever asks goes on without, and may ask again at once."""
        return self.reason in ("rate_limited", "quota")

    def having(self, made: Mapping[str, Vector]) -> "EmbeddingFailed":
        """Give the same failure, beside vectors that are at hand all the same."""
        return EmbeddingFailed(
            self.reason, self.message, may_pass=self.may_pass, retry_after_s=self.retry_after_s, made=made
        )


class EmbedderMissing(HeadchefError):
    """An embedder cannot be had on this machine; the message says what to install."""
