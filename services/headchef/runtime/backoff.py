"""Ever longer pauses between tries of the same thing."""

LONGEST_S = 5.0
"""Where doubling stops: a log that has come back is found within this time."""


class Backoff:
    """Pauses of which each is twice the last.

    Args:
        first_s: the first pause, in seconds; the longest is `LONGEST_S`.
    """

    def __init__(self, first_s: float) -> None:
        self._first_s = first_s
        self._upcoming_s = first_s

    def pause_s(self) -> float:
        """Give the next pause, in seconds."""
        pause_s = self._upcoming_s
        self._upcoming_s = min(2 * pause_s, LONGEST_S)
        return pause_s

    def reset(self) -> None:
        """Begin anew, after a success."""
        self._upcoming_s = self._first_s
