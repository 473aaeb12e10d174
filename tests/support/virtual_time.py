"""An event loop whose time jumps to the next timer when there is nothing else to do: waiting costs nothing."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class NothingLeft(RuntimeError):
    """Every task waits for something that will never happen."""


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if timeout is None and not ready:
            raise NothingLeft("no task can run and no timer is set: something awaits what nobody will do")
        if not ready and timeout is not None:
            self.passed_s += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop for tests without sockets and threads; `time` starts at 0 and moves only while all tasks wait."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Give the seconds that have passed for the tasks of this loop."""
        return self._jumping.passed_s

    def jump(self, seconds: float) -> None:
        """Let time pass in which no task runs, as if the process had been stopped."""
        self._jumping.passed_s += seconds


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    """Run something from beginning to end on a loop of its own."""
    loop = VirtualTimeLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


class LoopClock:
    """The running loop's time as a clock, whether that is real or virtual."""

    def now(self) -> datetime:
        """Give a wall clock's time that starts with the loop."""
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Give the loop's time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Let others run for this many seconds of the loop's time."""
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, action: Callable[[], object]) -> Callable[[], object]:
        """Call something once after this many seconds of the loop's time."""
        return asyncio.get_running_loop().call_later(seconds, action).cancel
