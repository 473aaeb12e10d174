"""Decides which class of work begins next: interactive before bulk, and of every ten some for bulk. Pure."""

from headchef_contracts.events.common import JobClass

_WHOLE = 1000


class Turns:
    """Gives bulk its share of what begins while work of both classes waits; work that waits alone begins at once.

    Bulk gains `share` of a turn with each interactive start that it waits through, and has a whole one to spend when
    that makes up for it. Of any n starts in a row, through all of which both wait, bulk has `share * n`, give or take
    one. What it has gained it keeps while one of them does not wait, less than one turn in all.

    Args:
        bulk_share: of the starts, from 0.01 to 0.5.

    Raises:
        ValueError: the share is none of these: without one bulk might never begin.
    """

    def __init__(self, bulk_share: float) -> None:
        if not 0.01 <= bulk_share <= 0.5:
            raise ValueError(f"bulk_share must be from 0.01 to 0.5, not {bulk_share}")
        # Whole numbers, so that a share is exact however long it is kept.
        self._gain = round(bulk_share * _WHOLE)
        self._price = _WHOLE - self._gain
        self._gained = 0

    def whose(self, *, interactive: bool, bulk: bool) -> JobClass | None:
        """Say which class begins next, or None where neither waits.

        Args:
            interactive: whether interactive work waits.
            bulk: whether bulk work waits.
        """
        if interactive and bulk:
            return "bulk" if self._gained >= self._price else "interactive"
        if interactive:
            return "interactive"
        return "bulk" if bulk else None

    def began(self, job_class: JobClass, *, contended: bool) -> None:
        """Note that work of a class has begun.

        Args:
            job_class: the class.
            contended: whether work of the other class waited through it.
        """
        if not contended:
            return
        self._gained += self._gain if job_class == "interactive" else -self._price
