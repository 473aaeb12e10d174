"""What is no longer wanted: waits for something unless an event says so first, and looks at what is left behind."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unless(given_up: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Run something to its end, or cancel it once an event is set.

    Args:
        given_up: the event.
        work: what to run; what it raises is raised.

    Returns:
        What the work gave, or None if it was given up. What it raises after that concerns nobody.
    """
    run = asyncio.ensure_future(work)
    signal = asyncio.ensure_future(given_up.wait())
    try:
        await asyncio.wait((run, signal), return_when=asyncio.FIRST_COMPLETED)
        return run.result() if run.done() else None
    finally:
        run.cancel()
        run.add_done_callback(seen)
        signal.cancel()


def seen(ended: "asyncio.Future[Any]") -> None:
    """Look at an error that no longer concerns anybody, so that nobody is warned of it when it is collected.

    Args:
        ended: what is done.
    """
    if not ended.cancelled():
        ended.exception()
