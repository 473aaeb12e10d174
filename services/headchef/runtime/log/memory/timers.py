"""What the log does by itself when time passes, whichever client is alive."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from headchef.runtime.clock import Clock

T = TypeVar("T")


async def bounded(work: Coroutine[Any, Any, T], within_s: float, clock: Clock) -> T:
    """Run some work for at most this long by the given clock.

    Raises:
        TimeoutError: it had not ended; it is cancelled.
    """
    waiting = asyncio.current_task()
    overdue = False

    def interrupt() -> None:
        nonlocal overdue
        if waiting is not None:
            overdue = True
            waiting.cancel()

    prevent = clock.call_later(within_s, interrupt)
    try:
        return await work
    except asyncio.CancelledError:
        if waiting is not None and overdue and waiting.uncancel() == 0:
            raise TimeoutError from None
        raise
    finally:
        prevent()


class Timers:
    """Calls what the log has to do in the context in which the log was made, so that it outlives every client.

    Args:
        clock: what time is measured with.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._context = contextvars.copy_context()
        self._closed = False

    def after(self, seconds: float, action: Callable[[], None]) -> Callable[[], object]:
        """Call something once after this many seconds; call what is returned to prevent it."""

        def act() -> None:
            if not self._closed:
                action()

        return self._context.run(self._clock.call_later, seconds, act)

    def close(self) -> None:
        """Call nothing more."""
        self._closed = True
