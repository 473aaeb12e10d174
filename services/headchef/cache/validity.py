"""Says which of the answers that were found may be served now. Pure."""

from datetime import datetime

from headchef.cache.store import StoredAnswer


def serving(found: StoredAnswer | None, now: datetime) -> StoredAnswer | None:
    """Give an answer that was found if it may be served, else None.

    Args:
        found: the answer, if there is one.
        now: the wall clock's time; an answer serves up to its expiry.
    """
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        return None
    return found
