"""Listens to all broadcasts of a processor, in this process."""

from collections.abc import Callable, Coroutine
from typing import Any

from headchef.runtime.broadcast import Listener
from headchef.runtime.kitchen import Kitchen


class Listeners:
    """A listener for each of them.

    Args:
        kitchen: of the processor.
    """

    def __init__(self, kitchen: Kitchen) -> None:
        self._listeners = [
            Listener(
                each,
                log=kitchen.log,
                name=f"{kitchen.names.group}.{each.topic}",
                namespace=kitchen.settings.namespace,
                envelope=kitchen.envelope,
                clock=kitchen.clock,
                metrics=kitchen.metrics,
            )
            for each in kitchen.processor.broadcasts
        ]

    @property
    def behind(self) -> list[str]:
        """The broadcasts of which not all has been taken that was there at the start."""
        return [each.topic for each in self._listeners if not each.caught_up]

    async def catch_up(self, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        """Begin to listen, to one after the other, and wait until all has been taken that is there.

        Args:
            spawn: runs what listens on.
        """
        for each in self._listeners:
            spawn(each.run())
            await each.until_caught_up()

    async def close(self) -> None:
        """Stop reading."""
        for each in self._listeners:
            await each.close()
