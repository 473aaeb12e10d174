"""Goes on reading for ever, although the log is away now and then."""

import logging
from collections.abc import Awaitable, Callable

from headchef.runtime.backoff import Backoff
from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogUnavailable

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.2


async def persist(
    read: Callable[[], Awaitable[None]], drop_reader: Callable[[], Awaitable[None]], *, name: str, clock: Clock
) -> None:
    """Read again and again, and more and more seldom while that fails, each time with a new reader.

    Args:
        read: reads once, or waits for something to read.
        drop_reader: ends what has failed.
        name: who reads, for the process's log.
        clock: for pauses.

    Raises:
        Exception: any error of `read` but `LogUnavailable`.
    """
    backoff = Backoff(_FIRST_PAUSE_S)
    while True:
        try:
            await read()
            backoff.reset()
        except LogUnavailable as error:
            pause_s = backoff.pause_s()
            _log.warning("%s: the log is away, trying again in %.1f s: %s", name, pause_s, error)
            await drop_reader()
            await clock.sleep(pause_s)
