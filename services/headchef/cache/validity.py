"""Says which of what was found may be served now: answers, and questions that they are answers to. Pure."""

from datetime import datetime
from typing import Protocol, TypeVar


class Kept(Protocol):
    """What the cache has kept."""

    @property
    def expires_at(self) -> datetime | None:
        """From when on it is no longer served; None for never."""
        ...


Found = TypeVar("Found", bound=Kept)


def serving(found: Found | None, now: datetime) -> Found | None:
    """Give what was found if it may be served, else None.

    Args:
        found: an answer or a question, if there is one.
        now: the wall clock's time; it serves up to its expiry.
    """
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        return None
    return found
