"""An event loop on virtual time on which a seed chooses who runs next, and on which a simulated process can stop dead.

Of what asyncio promises it keeps what asyncio itself is built on: a callback runs once, in its context, and not before
its time. It does not keep the order of what is ready at the same time: that order is what the seed decides.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any, TypeVar, TypeVarTuple

from tests.support.virtual_time import NothingLeft

T = TypeVar("T")
Args = TypeVarTuple("Args")

_PRUNE_AT = 5_000
_FAREWELLS = 100


class Life:
    """One simulated process, as the loop sees it: what runs in its context belongs to it.

    Args:
        name: of the process.

    Attributes:
        dead: nothing of it ever runs again, as after SIGKILL; no `finally` either.
        frozen: nothing of it runs before it is thawed, as after SIGSTOP.
        froze_s: when it was frozen last, on the loop's clock.
        thawed_s: when it was thawed last.
    """

    __slots__ = ("dead", "froze_s", "frozen", "name", "thawed_s")

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.frozen = False
        self.froze_s = self.thawed_s = 0.0


_life: ContextVar[Life | None] = ContextVar("simulated_process", default=None)


def current_life() -> Life | None:
    """Give the process that this code belongs to; None outside of all."""
    return _life.get()


def context_of(life: Life) -> Context:
    """Make a context in which everything belongs to a process."""
    context = copy_context()
    context.run(_life.set, life)
    return context


class Turn(asyncio.TimerHandle):
    """A callback that waits for its turn."""

    __slots__ = ("args", "at_s", "callback", "context", "void")

    def __init__(self, at_s: float, callback: Callable[..., Any], args: tuple[Any, ...], context: Context) -> None:
        self.at_s = at_s
        self.callback = callback
        self.args = args
        self.context = context
        self.void = False

    def __repr__(self) -> str:
        return f"<Turn {self.callback!r} at {self.at_s}>"

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def cancel(self) -> None:
        self.void = True

    def cancelled(self) -> bool:
        return self.void

    def when(self) -> float:
        return self.at_s


class SeededTask(asyncio.Task[T]):
    """A task whose hash is its number, so that sets of tasks have the same order in each run."""

    def __new__(cls, *_: object, loop: "SeededLoop", **__: object) -> "SeededTask[T]":
        made = super().__new__(cls)
        made.number = loop.next_number()
        return made

    number: int

    def __hash__(self) -> int:
        return self.number


class SeededLoop(asyncio.SelectorEventLoop):
    """A loop for simulations, without sockets, threads and real time.

    Args:
        chance: chooses among what is ready.

    Attributes:
        turns: how many callbacks have run.
        faults: exceptions that reached the loop, which nothing does in a healthy world.
    """

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.turns = 0
        self.faults: list[str] = []
        self._draw = chance.random
        self._now_s = 0.0
        self._due: list[Turn] = []
        self._timers: list[tuple[float, int, Turn]] = []
        self._held: dict[Life, list[Turn]] = {}
        self._numbers = 0
        self._tasks: list[SeededTask[Any]] = []
        self._prune_at = _PRUNE_AT
        self._strike: Callable[[Life], int] | None = None
        self._turns_to_strike = -1
        self._ending = False

    def time(self) -> float:
        """Give the virtual seconds since the loop was made."""
        return self._now_s

    def next_number(self) -> int:
        """Give a number that no other task of this loop has."""
        self._numbers += 1
        return self._numbers

    def strike_after(self, turns: int, strike: Callable[[Life], int]) -> None:
        """Have something done to whichever process is to run next, after so many turns of processes.

        Args:
            turns: until then.
            strike: told the process; gives the turns until it is called again, negative for never.
        """
        self._turns_to_strike, self._strike = turns, strike

    def freeze(self, life: Life) -> None:
        """Let a process stand still, as SIGSTOP does."""
        life.frozen, life.froze_s = True, self._now_s

    def thaw(self, life: Life) -> None:
        """Let a frozen process go on, if it has not died."""
        if life.frozen and not life.dead:
            life.frozen, life.thawed_s = False, self._now_s
            self._due.extend(self._held.pop(life, ()))

    def run_until_complete(self, future: Generator[Any, None, T] | Awaitable[T]) -> T:
        """Run until something is done.

        Raises:
            NothingLeft: no callback is ready and no timer set.
            TypeError: it is a generator, which asyncio once took.
        """
        if isinstance(future, Generator):
            raise TypeError("a coroutine or a future is run here")
        work = asyncio.ensure_future(future, loop=self)
        asyncio._set_running_loop(self)
        try:
            self._take_turns(work)
        finally:
            asyncio._set_running_loop(None)
        return work.result()

    def close(self) -> None:
        """End all that has not ended, dead processes too, so that nothing of this world outlives it."""
        self._ending = True
        asyncio._set_running_loop(self)
        self._due += [turn for held in self._held.values() for turn in held]
        try:
            for _ in range(_FAREWELLS):
                left = [task for task in self._tasks if not task.done()]
                if not left:
                    break
                for task in left:
                    task.cancel()
                while self._due:
                    turn = self._due.pop()
                    if not turn.void:
                        turn.context.run(turn.callback, *turn.args)
        finally:
            asyncio._set_running_loop(None)
        self._due, self._timers, self._tasks, self._held = [], [], [], {}
        super().close()

    def call_soon(self, callback: Callable[[*Args], object], *args: *Args, context: Context | None = None) -> Turn:
        """Run something when it is chosen."""
        turn = Turn(self._now_s, callback, args, copy_context() if context is None else context)
        self._due.append(turn)
        return turn

    def call_at(
        self, when: float, callback: Callable[[*Args], object], *args: *Args, context: Context | None = None
    ) -> Turn:
        """Run something at a time of the loop, or a moment later."""
        turn = Turn(when, callback, args, copy_context() if context is None else context)
        if not self._ending:
            self._numbers += 1
            heapq.heappush(self._timers, (when, self._numbers, turn))
        return turn

    def call_later(
        self, delay: float, callback: Callable[[*Args], object], *args: *Args, context: Context | None = None
    ) -> Turn:
        """Run something after some seconds of the loop's time."""
        return self.call_at(self._now_s + max(delay, 0.0), callback, *args, context=context)

    async def sleep(self, seconds: float) -> None:
        """Do as `asyncio.sleep` does, in a turn less: that a sleeper is woken is nothing that a seed should order."""
        if seconds <= 0:
            return await asyncio.sleep(0)
        over: asyncio.Future[None] = asyncio.Future(loop=self)
        timer = self.call_later(seconds, _wake, over)
        try:
            await over
        finally:
            timer.void = True

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        task: SeededTask[T] = SeededTask(coro, loop=self, name=name, context=context)
        tasks = self._tasks
        tasks.append(task)
        if len(tasks) > self._prune_at:
            # All that has not ended is kept: an abandoned task that was collected would run its `finally`.
            self._tasks = [each for each in tasks if not each.done()]
            self._prune_at = 2 * len(self._tasks) + _PRUNE_AT
        return task

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what a callback raised; that nobody looked at a task's end is no fault."""
        if not self._ending and "handle" in context:
            self.faults.append(repr(context.get("exception")))

    def _pass_time(self) -> None:
        timers, due = self._timers, self._due
        while not due:
            if not timers:
                raise NothingLeft("no task can run and no timer is set: something awaits what nobody will do")
            self._now_s = max(self._now_s, timers[0][0])
            while timers and timers[0][0] <= self._now_s:
                turn = heapq.heappop(timers)[2]
                if turn.void:
                    continue
                if turn.callback is _wake:
                    turn.callback(*turn.args)
                else:
                    due.append(turn)

    def _take_turns(self, work: "asyncio.Future[Any]") -> None:
        """Run until something is done. All in one place: a world takes thousands of turns a second of its time."""
        ready, draw, done = self._due, self._draw, work.done
        while not done():
            if not ready:
                self._pass_time()
            chosen = int(draw() * len(ready))
            turn, last = ready[chosen], ready.pop()
            if turn is not last:
                ready[chosen] = last
            if turn.void:
                continue
            life = turn.context.get(_life)
            if life is not None:
                if self._turns_to_strike >= 0 and not (life.dead or life.frozen):
                    self._turns_to_strike -= 1
                    if self._turns_to_strike < 0 and self._strike is not None:
                        self._turns_to_strike = self._strike(life)
                if life.dead or life.frozen:
                    self._held.setdefault(life, []).append(turn)
                    continue
            self.turns += 1
            try:
                turn.context.run(turn.callback, *turn.args)
            except Exception as error:  # noqa: BLE001 - the loop's edge: what comes here is a fault of the simulation.
                self.call_exception_handler({"handle": turn, "exception": error})


def _wake(sleeper: "asyncio.Future[None]") -> None:
    if not sleeper.done():
        sleeper.set_result(None)
