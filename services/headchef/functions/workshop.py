"""Runs functions in processes of their own: one that blocks or crashes harms no other, and is ended in time."""

import asyncio
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import TimeoutError as TooLate
from typing import Any

import orjson
import pebble
from pebble import ProcessExpired, ProcessPool

from headchef.functions.calling import Came, begin, called
from headchef.runtime.errors import HeadchefError

MAX_OUTPUT_BYTES = 2_097_152
"""Of JSON that one function may give, where nothing else is said: half of what the topic takes."""

_CALLS_A_PROCESS = 1_000
"""Then it is replaced by another one, so that what a function leaks goes with it."""

# Its processes heed no signal but the one that nobody can refuse, so there is nothing to wait for before that is sent.
pebble.CONSTS.term_timeout = 0


class CallFailed(HeadchefError):
    """A function has given nothing that can be used.

    Args:
        reason: `unknown_function`, `bad_arguments`, `timeout`, `crashed`, `raised`, `not_json`, `too_large`, or
            `too_deep`.
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
        max_output_bytes: of JSON that a function may give.
    """

    def __init__(self, processes: int, max_output_bytes: int = MAX_OUTPUT_BYTES) -> None:
        self._processes = processes
        self._max_output_bytes = max_output_bytes
        self._pool: ProcessPool | None = None

    async def call(self, name: str, arguments: Mapping[str, Any], timeout_s: float) -> Any:
        """Call a function by its name. If this is cancelled, the process is ended that the function runs in.

        Args:
            name: of an entry point.
            arguments: JSON values, by the names of the function's parameters.
            timeout_s: seconds after which the process is ended that it runs in.

        Returns:
            JSON: what the function gave.

        Raises:
            CallFailed: there is no such function, it took too long, raised, ended its process, or gave what is no JSON
                or too much of it.
        """
        try:
            written = orjson.dumps(arguments)
        except TypeError as error:
            raise CallFailed("bad_arguments", f"{name} cannot be given its arguments: {error}") from error
        try:
            came = await self._came(name, written, timeout_s)
        except TooLate as error:
            raise CallFailed("timeout", f"{name} took more than {timeout_s:g} s, and was ended") from error
        except ProcessExpired as error:
            raise CallFailed("crashed", f"{name} ended its process with exit code {error.exitcode}") from error
        except RuntimeError as error:
            raise CallFailed("crashed", f"the processes ended that were to call {name}") from error
        if came.reason is not None:
            raise CallFailed(came.reason, came.given.decode())
        return orjson.loads(came.given)

    def close(self) -> None:
        """End all processes, whatever they do."""
        if self._pool is not None:
            _end(self._pool)

    async def _came(self, name: str, arguments: bytes, timeout_s: float) -> Came:
        """Call a function; where processes were ended from outside, which breaks a pool, once more in another one."""
        pool = self._opened()
        try:
            return await self._scheduled(pool, name, arguments, timeout_s)
        except RuntimeError:
            if self._pool is pool:
                self._pool = None
                await asyncio.to_thread(_end, pool)
        return await self._scheduled(self._opened(), name, arguments, timeout_s)

    async def _scheduled(self, pool: ProcessPool, name: str, arguments: bytes, timeout_s: float) -> Came:
        given = (name, arguments, self._max_output_bytes)
        came: Came = await asyncio.wrap_future(pool.schedule(called, args=given, timeout=timeout_s))
        return came

    def _opened(self) -> ProcessPool:
        if self._pool is None:
            # Not forked: a fork copies the locks of threads that it has not.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPool(self._processes, _CALLS_A_PROCESS, initializer=begin, context=context)
        return self._pool


def _end(pool: ProcessPool) -> None:
    pool.stop()
    pool.join()
