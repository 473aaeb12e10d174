"""Tells another live process with a member's id from a coordinator that takes the member's place away."""

from headchef.runtime.clock import Clock

_LATELY = 3
_SESSIONS = 2
"""Longer than a broker's coordinator was seen to take places away after its restart, which was 8 s."""


class Losses:
    """Counts how often in a row a member has lost its place soon after it had entered: within two sessions.

    A coordinator that has just started, or stood still, takes places away too. So there must be several losses, for two
    sessions at least, and none of them excused by a coordinator that failed meanwhile. Soon is as long as that: on a
    slow machine two processes that take the place from each other need a session for it now and then. Of two live
    processes with one id, the one that came later is the first to count so far.

    Args:
        clock: what time it is.
        session_s: how long a session of the group is, in seconds.
    """

    def __init__(self, clock: Clock, session_s: float) -> None:
        self._clock = clock
        self._soon_s = _SESSIONS * session_s
        self._entered_s = self._losing_s = clock.monotonic()
        self._lately = 0

    def entering(self) -> None:
        """Note that the member asks for a place."""
        self._entered_s = self._clock.monotonic()

    def coordinator_failed(self) -> None:
        """Note that the coordinator is gone, moves, or reads its log: what was lost so far may be its doing."""
        self._lately = 0

    def lost(self) -> bool:
        """Note that the place is gone, and say whether only another process can have taken it."""
        now_s = self._clock.monotonic()
        self._lately = self._lately + 1 if now_s - self._entered_s < self._soon_s else 0
        if self._lately <= 1:
            self._losing_s = now_s
        return self._lately >= _LATELY and now_s - self._losing_s >= self._soon_s
