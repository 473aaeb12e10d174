"""Collects what the loop would only log: errors of tasks, futures and callbacks that nobody looked at."""

import asyncio
from typing import Any


def collect_unseen() -> list[dict[str, Any]]:
    """Give a list to which the running loop adds each such error, as asyncio describes it, from now on."""
    unseen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
    return unseen
