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

    async def interrupt() -> None:
        nonlocal overdue
        await clock.sleep(within_s)
        if waiting is not None:
            overdue = True
            waiting.cancel()

    alarm = asyncio.ensure_future(interrupt())
    try:
        return await work
    except asyncio.CancelledError:
        if waiting is not None and overdue and waiting.uncancel() == 0:
            raise TimeoutError from None
        raise
    finally:
        alarm.cancel()


class Timers:
    """Runs the log's own tasks in the context in which the log was made, so that they outlive every client.

    Args:
        clock: what time is measured with.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._context = contextvars.copy_context()
        self._tasks: dict[asyncio.Task[None], None] = {}

    def after(self, seconds: float, action: Callable[[], None]) -> Callable[[], object]:
        """Call something once after this many seconds; call what is returned to prevent it."""
        return self._start(self._wait_and_call(seconds, action))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the clients."""
        self._start(work)

    def close(self) -> None:
        """Cancel all that is under way."""
        for task in list(self._tasks):
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> Callable[[], object]:
        task = asyncio.get_running_loop().create_task(work, context=self._context)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task.cancel

    async def _wait_and_call(self, seconds: float, action: Callable[[], None]) -> None:
        await self._clock.sleep(seconds)
        action()
