"""Runs a client on an event loop of its own, beside what measures it."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def beside(work: Coroutine[Any, Any, None]) -> Iterator[None]:
    """Do some work in a thread while the block runs, and break it off at its end.

    Args:
        work: that a cancellation ends.

    Raises:
        Exception: the work has failed; raised at the end of the block.
    """
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(loop.run_until_complete, task)
        try:
            yield
        finally:
            loop.call_soon_threadsafe(task.cancel)
            try:
                with suppress(asyncio.CancelledError):
                    running.result()
            finally:
                loop.close()
