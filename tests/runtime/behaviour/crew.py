"""Several processes under watch: who has which task, and whether two ever have the same."""

import asyncio
from collections import Counter

from headchef.runtime.processor import Delivery, Outcome, State
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.world import World
from tests.support.eventually import eventually

_LOOK_S = 0.002


class Crew:
    """Watches the living processes of a world.

    Args:
        world: whose processes.

    Attributes:
        clashes: tasks that two living processes had at the same time.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.clashes: set[int] = set()
        self._watching = asyncio.ensure_future(self._watch())

    def living(self) -> list[Instance]:
        """Give the processes that are neither dead nor ended."""
        return [each for each in self._world.instances if not each.log.dead.is_set() and not each.ended]

    def held(self) -> Counter[int]:
        """Count for each task the living processes that have it."""
        return Counter(task for each in self.living() for task in each.tasks)

    async def until_even(self, *sizes: int) -> None:
        """Wait until the living processes have all tasks between them, so many each, and run them."""

        def even() -> bool:
            shares = sorted(len(each.tasks) for each in self.living())
            ready = all(each.engine.ready() is None for each in self.living())
            return ready and shares == sorted(sizes) and set(self.held()) == set(range(self._world.partitions))

        await eventually(even)

    async def stop_watching(self) -> None:
        """Stop, and check that no task was ever in two hands."""
        self._watching.cancel()
        await asyncio.wait([self._watching])
        assert not self.clashes

    async def _watch(self) -> None:
        while True:
            self.clashes |= {task for task, hands in self.held().items() if hands > 1}
            await asyncio.sleep(_LOOK_S)


class Busy(Echo):
    """An echo whose calls take some time.

    Args:
        call_s: seconds of the loop's time.
    """

    def __init__(self, call_s: float) -> None:
        super().__init__()
        self._call_s = call_s

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        outcome = await super().handle(delivery, state)
        await asyncio.sleep(self._call_s)
        return outcome
