"""A clock that stands still until a test moves it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from headchef.runtime.clock import Clock

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class ManualClock(Clock):
    """Both clocks move together, by `advance` alone.

    Args:
        start: what the wall clock shows at first, aware.
    """

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._passed_s = 0.0
        self._waiting: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> datetime:
        """Give the wall clock's time."""
        return self._start + timedelta(seconds=self._passed_s)

    def monotonic(self) -> float:
        """Give the seconds that have passed."""
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved this far."""
        woken = asyncio.Event()
        self.call_later(seconds, woken.set)
        await woken.wait()

    def call_later(self, seconds: float, action: Callable[[], object]) -> Callable[[], object]:
        """Call something once when the clock has been moved this far; call what is returned to prevent it."""
        entry = (self._passed_s + seconds, action)
        self._waiting.append(entry)

        def prevent() -> None:
            self._waiting = [each for each in self._waiting if each is not entry]

        return prevent

    def advance(self, seconds: float) -> None:
        """Move on, and call what was to be called until then."""
        self._passed_s += seconds
        due = [action for at_s, action in self._waiting if at_s <= self._passed_s]
        self._waiting = [each for each in self._waiting if each[0] > self._passed_s]
        for action in due:
            action()
