"""Runs functions in processes of their own: one that blocks or crashes harms no other, and is ended in time."""

import asyncio
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import TimeoutError as TooLate
from typing import Any

import orjson
from pebble import ProcessExpired, ProcessPool

from headchef.functions.named import installed
from headchef.runtime.errors import HeadchefError

_CALLS_A_PROCESS = 1_000
"""Then it is replaced by another one, so that what a function leaks goes with it."""


class CallFailed(HeadchefError):
    """A function has given nothing that can be used.

    Args:
        reason: `timeout`, `crashed`, `raised`, or `not_json`.
        message: what happened, in words.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Workshop:
    """Processes that call functions, started when they are needed; to be closed.

    Args:
        processes: how many functions run at once.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool: ProcessPool | None = None

    async def call(self, name: str, arguments: Mapping[str, Any], timeout_s: float) -> Any:
        """Call a function by its name.

        Args:
            name: of an entry point.
            arguments: JSON values, by the names of the function's parameters.
            timeout_s: seconds after which the process is ended that it runs in.

        Returns:
            JSON: what the function gave.

        Raises:
            CallFailed: it took too long, raised, ended its process, or gave what is no JSON.
        """
        if self._pool is None:
            # Not forked: a fork copies the locks of threads that it has not.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPool(max_workers=self._processes, max_tasks=_CALLS_A_PROCESS, context=context)
        running = self._pool.schedule(_called, args=(name, orjson.dumps(arguments)), timeout=timeout_s)
        try:
            is_json, given = await asyncio.wrap_future(running)
        except TooLate as error:
            raise CallFailed("timeout", f"{name} took more than {timeout_s:g} s, and was ended") from error
        except ProcessExpired as error:
            raise CallFailed("crashed", f"{name} ended its process with exit code {error.exitcode}") from error
        except Exception as error:
            # The function's own words; whatever it raises is a failure of this call alone.
            raise CallFailed("raised", f"{name} raised {type(error).__name__}: {error}") from error
        if not is_json:
            raise CallFailed("not_json", f"{name} gave what is no JSON: {given.decode()}")
        return orjson.loads(given)

    def close(self) -> None:
        """End all processes, whatever they do."""
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()


def _called(name: str, arguments: bytes) -> tuple[bool, bytes]:
    """Call a function, in a process of the pool; give what it gave, or why that is no JSON."""
    given = installed().named(name)(**orjson.loads(arguments))
    try:
        return True, orjson.dumps(given)
    except TypeError as error:
        return False, str(error).encode()
