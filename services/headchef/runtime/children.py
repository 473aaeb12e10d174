"""Ends child processes: when they are told to, and when we are killed and can tell them no more."""

import asyncio
import ctypes
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
"""From Linux's `sys/prctl.h`."""


def _end_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    # Found here, so that the child, which has only one of our threads, does nothing but the call.
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


END_WITH_PARENT = _end_with_parent()
"""For `preexec_fn`, or the child, on Linux: the kernel ends the child when the thread that started it ends, killed
or not."""


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
