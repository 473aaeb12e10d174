"""Waits for a condition instead of sleeping: as long as needed, and at most until a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_S = 0.02
PATIENCE_S = 120.0
"""Seconds until a test gives up: one machine is four times as fast as another, and what passes waits for none."""


async def eventually(condition: Callable[[], T], *, within_s: float = PATIENCE_S) -> T:
    """Wait until a condition gives something true, and give that.

    Args:
        condition: looked at every 20 ms.
        within_s: seconds of the loop's time until the test fails.
    """

    async def look() -> T:
        return condition()

    return await eventually_async(look, within_s=within_s)


async def eventually_async(condition: Callable[[], Awaitable[T]], *, within_s: float = PATIENCE_S) -> T:
    """Wait until an asynchronous condition gives something true, and give that."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + within_s
    while not (found := await condition()):
        assert loop.time() < deadline_s, f"not within {within_s} s; last seen: {found!r}"
        await asyncio.sleep(_POLL_S)
    return found
