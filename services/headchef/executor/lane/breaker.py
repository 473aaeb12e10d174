"""Keeps calls back while none can succeed, and lets single ones find out when they can again: a circuit breaker.

Pure: the time is an argument, in seconds that never run back.
"""

from typing import Literal, NamedTuple

from headchef.executor.provider import Halt

FIRST_PAUSE_S = 1.0
"""Before the first probe: some gateways say of a limit that passes by itself that the account has no money."""

LONGEST_PAUSE_S = 30.0
"""Between probes, and so the longest that it takes to notice that something was mended."""


class Why(NamedTuple):
    """Why calls are kept back.

    Attributes:
        reason: for machines.
        message: for people, in the provider's words.
    """

    reason: Halt | Literal["provider_unavailable"]
    message: str


class Breaker:
    """Open while calls are kept back. Then one is let through at a time, and what comes of it decides.

    A call that began before it opened says nothing then: it may have been let in before the key was revoked.

    Attributes:
        why: calls are kept back; None while they are not.
    """

    def __init__(self) -> None:
        self.why: Why | None = None
        self._in_a_row = 0
        self._pause_s = FIRST_PAUSE_S
        self._probe_s = 0.0
        self._probe: int | None = None

    def wait_s(self, now_s: float) -> float | None:
        """Give the seconds until a call may begin: 0 for now, None while another one is finding out."""
        return None if self._probe is not None else self.pause_s(now_s)

    def pause_s(self, now_s: float) -> float:
        """Give the seconds until the next call may begin, as far as that is known."""
        return 0.0 if self.why is None else max(0.0, self._probe_s - now_s)

    def lets(self, call: int) -> bool:
        """Say whether a step that may have begun earlier may make its call."""
        return self.why is None or call == self._probe

    def begin(self, call: int) -> None:
        """Note that a call begins."""
        if self.why is not None:
            self._probe = call

    def bad(self, call: int, why: Why, enough: int, now_s: float) -> bool:
        """Note that a call could not succeed.

        Args:
            call: which.
            why: not.
            enough: so many in a row open the breaker.
            now_s: the time.

        Returns:
            Whether it has opened now.
        """
        if self.why is not None:
            if call == self._probe:
                self._keep_back(why, min(2 * self._pause_s, LONGEST_PAUSE_S), now_s)
            return False
        self._in_a_row += 1
        if self._in_a_row < enough:
            return False
        self._keep_back(why, FIRST_PAUSE_S, now_s)
        return True

    def good(self, call: int) -> bool:
        """Note that a call got through, and say whether the breaker has closed now."""
        if self.why is not None and call != self._probe:
            return False
        closed, self.why = self.why is not None, None
        self._probe, self._in_a_row = None, 0
        return closed

    def end(self, call: int, now_s: float) -> None:
        """Note that a step is over. If it was to find out and made no call, that is left to the next one."""
        if call == self._probe:
            self._probe, self._probe_s = None, now_s

    def _keep_back(self, why: Why, pause_s: float, now_s: float) -> None:
        self.why, self._probe = why, None
        self._pause_s, self._probe_s = pause_s, now_s + pause_s
