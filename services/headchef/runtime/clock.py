"""Time as an argument: the wall clock for people, the monotonic clock for time-outs, and sleep."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Give the wall clock's time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds that never run back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let others run for this many seconds."""
        ...

    def call_later(self, seconds: float, action: Callable[[], object]) -> Callable[[], object]:
        """Call something once after this many seconds; call what is returned to prevent it."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Give the wall clock's time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give seconds that never run back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let others run for this many seconds."""
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, action: Callable[[], object]) -> Callable[[], object]:
        """Call something once after this many seconds; call what is returned to prevent it."""
        return asyncio.get_running_loop().call_later(seconds, action).cancel
