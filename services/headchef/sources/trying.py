"""When a source that could not be read is tried again, and how long all of it may take."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from headchef.runtime.clock import Clock
from headchef.sources.errors import FetchFailed

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0


def pause_s(failed: FetchFailed, tries: int, chance: Random) -> float:
    """Give the seconds before the next try: what the source asks for, or ever more, with jitter.

    Args:
        failed: the last try.
        tries: so far, at least 1.
        chance: of the jitter.
    """
    if failed.retry_after_s is not None:
        return failed.retry_after_s
    return float(min(_FIRST_PAUSE_S * 2 ** (tries - 1), _LONGEST_PAUSE_S) * chance.uniform(0.5, 1.0))


class TimeLimit:
    """Counts the time of one fetch; what it waits for its turn does not count.

    Args:
        clock: counts.
        timeout_s: seconds in all.
    """

    def __init__(self, clock: Clock, timeout_s: float) -> None:
        self._clock = clock
        self._ends_at = clock.monotonic() + timeout_s

    @property
    def left_s(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self._ends_at - self._clock.monotonic())

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Let time pass that does not count."""
        begun = self._clock.monotonic()
        try:
            yield
        finally:
            self._ends_at += self._clock.monotonic() - begun
