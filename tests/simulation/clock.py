"""The clock of one simulated process: its wall clock may be wrong, its monotonic clock is the loop's."""

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.simulation.loop import SeededLoop
from tests.support.virtual_time import START


class ShiftedClock:
    """The loop's time, with a wall clock that can be moved.

    Args:
        loop: asked for the time directly, since looking for the running one costs a call of the system.

    Attributes:
        shift_s: seconds by which the wall clock is ahead.
    """

    def __init__(self, loop: SeededLoop) -> None:
        self._loop = loop
        self.shift_s = 0.0
        self._shown_s = 0.0
        self._shown = START

    def now(self) -> datetime:
        """Give the process's own idea of the time."""
        passed_s = self._loop.time() + self.shift_s
        if passed_s != self._shown_s:
            # Asked several times in one moment of the world.
            self._shown_s, self._shown = passed_s, START + timedelta(seconds=passed_s)
        return self._shown

    def monotonic(self) -> float:
        """Give the loop's time."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Let others run for this many seconds of the loop's time."""
        await self._loop.sleep(seconds)

    def call_later(self, seconds: float, action: Callable[[], object]) -> Callable[[], object]:
        """Call something once after this many seconds of the loop's time."""
        return self._loop.call_later(seconds, action).cancel
