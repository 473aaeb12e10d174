"""One client process as the log sees it: running, frozen or dead; every request passes here."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Literal, Protocol, TypeVar

from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogError, LogUnavailable
from headchef.runtime.log.memory.timers import bounded
from headchef.runtime.log.port import NewRecord

T = TypeVar("T")

Operation = Literal[
    "metadata",
    "join",
    "sync",
    "heartbeat",
    "leave",
    "commit_offsets",
    "committed",
    "fetch",
    "bounds",
    "init_producer",
    "produce",
    "send_offsets",
    "commit",
    "abort",
]

Hindrance = Coroutine[Any, Any, None]


class Faults(Protocol):
    """Where a test or a simulation makes the log misbehave: what is given may wait, raise `LogUnavailable`, or kill.

    None lets a request pass, at no cost: a simulation has millions of them. For `produce` the records that were under
    way get the error; a member tries `join`, `sync` and `heartbeat` again.
    """

    def before(self, operation: Operation, client: str) -> Hindrance | None:
        """Stand between the client and the log: after an error the operation has not happened."""
        ...

    def after(self, operation: Operation, client: str) -> Hindrance | None:
        """Stand between the log and the client: after an error it has happened, and the client does not know."""
        ...

    def refusal(self, record: NewRecord, client: str) -> str | None:
        """Say why the log does not take this one record, or None if it does."""
        ...


class _Turn:
    """Lets others run once, as `asyncio.sleep(0)` does, without a coroutine: a simulated world does so 10,000 times."""

    def __await__(self) -> Generator[None, None, None]:
        yield


_TURN = _Turn()


class Process:
    """The life of one process. Once dead, no request of it reaches the log and none returns.

    Args:
        name: what faults know it by.
        clock: what time is measured with.
        faults: what goes wrong, if anything.
        request_timeout_s: after this long on the way a request fails with `LogUnavailable`.
    """

    def __init__(self, name: str, clock: Clock, faults: Faults | None, request_timeout_s: float) -> None:
        self.name = name
        self.clock = clock
        self._faults = faults
        self._request_timeout_s = request_timeout_s
        self._running = asyncio.Event()
        self._running.set()
        self._dead = False
        self._tasks: dict[asyncio.Task[None], None] = {}

    async def request(self, operation: Operation, effect: Callable[[], T]) -> T:
        """Have the log do something at once.

        Raises:
            LogUnavailable: the request or its answer was lost.
        """
        await self._outward(operation)
        try:
            answer = effect()
        except LogError:
            await self._homeward(operation)
            raise
        await self._homeward(operation)
        return answer

    async def exchange(self, operation: Operation, effect: Callable[[], Awaitable[T]]) -> T:
        """Have the log do something that it answers later. Raises as `request`."""
        await self._outward(operation)
        try:
            answer = await effect()
        except LogError:
            await self._homeward(operation)
            raise
        await self._homeward(operation)
        return answer

    def refusal(self, record: NewRecord) -> str | None:
        """Say why the log does not take a record from this process, or None if it does."""
        return None if self._faults is None else self._faults.refusal(record, self.name)

    async def running(self) -> None:
        """Wait until the process is not frozen; for ever if it is dead."""
        if not self._running.is_set():
            await self._running.wait()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something that ends with the process."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    def freeze(self) -> None:
        """Stop the process, as SIGSTOP does."""
        self._running.clear()

    def thaw(self) -> None:
        """Let a frozen process go on."""
        if not self._dead:
            self._running.set()

    def kill(self) -> None:
        """End the process, as SIGKILL does: nothing is said to the log."""
        self._dead = True
        self._running.clear()
        for task in list(self._tasks):
            task.cancel()

    async def _outward(self, operation: Operation) -> None:
        if not self._running.is_set():
            await self.running()
        # A real request always lets others run; without this a race would not show here.
        await _TURN
        if self._faults is not None and (hindrance := self._faults.before(operation, self.name)) is not None:
            await self._bounded(hindrance, operation)
        if not self._running.is_set():
            await self.running()

    async def _homeward(self, operation: Operation) -> None:
        await _TURN
        if self._faults is not None and (hindrance := self._faults.after(operation, self.name)) is not None:
            await self._bounded(hindrance, operation)
        if not self._running.is_set():
            await self.running()

    async def _bounded(self, hindrance: Hindrance, operation: Operation) -> None:
        try:
            await bounded(hindrance, self._request_timeout_s, self.clock)
        except TimeoutError:
            await self.running()
            raise LogUnavailable(f"{operation}: no answer for {self._request_timeout_s} s") from None
