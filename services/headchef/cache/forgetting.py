"""Deletes what was invalidated from the stores, in the background: what may be served does not depend on it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from headchef.cache.selection import Selection
from headchef.runtime.clock import Clock

PAUSE_S = 0.2
"""Between two deletions, so that lookups are not held up by many at once, and until one that failed is tried again."""


class Forgets(Protocol):
    """A store that may be away."""

    async def remove(self, selection: Selection) -> bool:
        """Remove what is chosen; False if the store is away, so that not all may be removed."""
        ...


class Forgetting:
    """Deletes one selection after the other, each from every store until all have done so.

    Args:
        stores: that hold what is to be deleted.
        clock: for pauses.
    """

    def __init__(self, stores: Sequence[Forgets], clock: Clock) -> None:
        self._stores = stores
        self._clock = clock
        self._left: dict[str, Selection] = {}
        self._noted = asyncio.Event()

    @property
    def left(self) -> int:
        """How many selections are not deleted yet."""
        return len(self._left)

    def note(self, entry: str, selection: Selection) -> None:
        """Have something deleted.

        Args:
            entry: names it; a selection takes the place of an earlier one of its entry, which it contains.
            selection: what.
        """
        self._left[entry] = selection
        self._noted.set()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Delete while the context is open; what is left then is noted again by who reads the broadcast anew."""
        work = asyncio.ensure_future(self._work())
        try:
            yield
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    async def _work(self) -> None:
        while True:
            await self._noted.wait()
            self._noted.clear()
            while self._left:
                entry, selection = next(iter(self._left.items()))
                done = [await store.remove(selection) for store in self._stores]
                if self._left[entry] is selection:
                    del self._left[entry]
                    if not all(done):
                        # Behind the others: one that a store cannot do must not hold up the rest.
                        self._left[entry] = selection
                await self._clock.sleep(PAUSE_S)
