"""What a test does to a process at one step of its log: end it, hold it up, or have the step fail."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.runtime.behaviour.instance import Instance
from tests.support.eventually import PATIENCE_S
from tests.support.hooked_log import Moment


class Fault:
    """A hook that acts at one step.

    Args:
        moment: before or after the step.
        step: such as `producer.commit`.
        act: what to do there.
        skip: pass over so many occurrences.
        times: act so many times.
        when: act only while this holds; what has happened before is not passed over.

    Attributes:
        met: set at its first act.
    """

    def __init__(
        self,
        moment: Moment,
        step: str,
        act: Callable[[], Awaitable[object]],
        *,
        skip: int = 0,
        times: int = 1,
        when: Callable[[], bool] = lambda: True,
    ) -> None:
        self.met = asyncio.Event()
        self._where = (moment, step)
        self._act = act
        self._skip = skip
        self._times = times
        self._when = when

    async def __call__(self, moment: Moment, step: str) -> None:
        if (moment, step) != self._where or not self._when():
            return
        if self._skip:
            self._skip -= 1
        elif self._times:
            self._times -= 1
            self.met.set()
            await self._act()

    async def until_met(self) -> None:
        """Wait until it acts."""
        await asyncio.wait_for(self.met.wait(), PATIENCE_S)


class Hold(Fault):
    """Holds a process up at one step until the test lets it go on."""

    def __init__(self, moment: Moment, step: str, *, skip: int = 0) -> None:
        self.released = asyncio.Event()
        super().__init__(moment, step, self.released.wait, skip=skip)


def failing(
    moment: Moment,
    step: str,
    error: Exception,
    *,
    skip: int = 0,
    times: int = 1,
    when: Callable[[], bool] = lambda: True,
) -> Fault:
    """Have a step fail: before it, nothing has happened; after it, it has and nobody knows."""

    async def act() -> None:
        raise error

    return Fault(moment, step, act, skip=skip, times=times, when=when)


async def crash_at(
    instance: Instance, moment: Moment, step: str, *, skip: int = 0, when: Callable[[], bool] = lambda: True
) -> None:
    """End a process that has just been started as soon as it comes to a step."""

    async def act() -> None:
        instance.log.die()

    fault = Fault(moment, step, act, skip=skip, when=when)
    instance.log.hook = fault
    await fault.until_met()
    await instance.kill()
