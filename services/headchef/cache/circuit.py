"""When a store that failed is tried again: at once while it works, else after a wait that doubles."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """How long to wait before another try.

    Attributes:
        first_wait_s: after the first failure.
        longest_wait_s: where doubling stops.
    """

    first_wait_s: float
    longest_wait_s: float


class CircuitState:
    """Closed while calls succeed; open after a failure, when one try is let through each wait.

    Args:
        policy: the waits.
    """

    def __init__(self, policy: CircuitPolicy) -> None:
        self._policy = policy
        self._wait_s: float | None = None
        self._next_try_s = 0.0
        self._trying = False

    @property
    def wait_s(self) -> float | None:
        """Seconds from a failure to the next try; None while the circuit is closed."""
        return self._wait_s

    def admits(self, now_s: float) -> bool:
        """Say whether a call may be made, and take the one try that is due.

        Args:
            now_s: on the monotonic clock.
        """
        if self._wait_s is None:
            return True
        if now_s < self._next_try_s:
            return False
        # Calls that come while this one waits for its time-out must not wait for theirs too.
        self._next_try_s = now_s + self._wait_s
        self._trying = True
        return True

    def succeeded(self) -> bool:
        """Take a success. Returns whether it closed the circuit."""
        changed = self._wait_s is not None
        self._wait_s = None
        self._trying = False
        return changed

    def failed(self, now_s: float) -> bool:
        """Take a failure. Returns whether it opened the circuit.

        Args:
            now_s: on the monotonic clock, at the failure.
        """
        if self._wait_s is None:
            self._wait_s = self._policy.first_wait_s
            self._next_try_s = now_s + self._wait_s
            return True
        # Other calls that were under way when the first one failed say nothing new.
        if self._trying:
            self._trying = False
            self._wait_s = min(2 * self._wait_s, self._policy.longest_wait_s)
            self._next_try_s = now_s + self._wait_s
        return False
