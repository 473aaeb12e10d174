"""A clock that stands still until a test moves it."""

import asyncio
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
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Give the wall clock's time."""
        return self._start + timedelta(seconds=self._passed_s)

    def monotonic(self) -> float:
        """Give the seconds that have passed."""
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved this far."""
        woken = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._passed_s + seconds, woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Move on, and wake who slept until then."""
        self._passed_s += seconds
        due = [woken for at_s, woken in self._sleepers if at_s <= self._passed_s]
        self._sleepers = [each for each in self._sleepers if each[0] > self._passed_s]
        for woken in due:
            if not woken.done():
                woken.set_result(None)
