"""Ends child processes."""

import asyncio
from contextlib import suppress


async def end(process: asyncio.subprocess.Process, within_s: float) -> None:
    """Ask a child to end, and kill it if it has not by then.

    Args:
        process: the child, which may have ended by itself.
        within_s: seconds that it has.
    """
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), within_s)
    except TimeoutError:
        process.kill()
        await process.wait()
