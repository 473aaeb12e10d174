"""Deletes what was invalidated from the stores, in the background: what may be served does not depend on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
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


class ForgetsVectors(Protocol):
    """Keeps vectors of texts, of which nobody knows whose texts they were; it may be away."""

    async def forget(self, until: datetime) -> bool:
        """Remove what was kept until a time; False if that could not be done wholly."""
        ...


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is to be deleted.

    Attributes:
        chosen: of what belongs to tenants.
        vectors_until: of vectors, which can be made again, those of everybody until this time; None for none.
    """

    chosen: Selection
    vectors_until: datetime | None = None


class Forgetting:
    """Deletes one thing after the other, each from every store until all have done so.

    Args:
        clock: for pauses.
        stores: that hold what is to be deleted.
    """

    def __init__(self, clock: Clock, *stores: Forgets) -> None:
        self._stores = [*stores]
        self._vectors: list[ForgetsVectors] = []
        self._clock = clock
        self._left: dict[str, Forgotten] = {}
        self._noted = asyncio.Event()

    def covers(self, store: Forgets) -> None:
        """Delete from a store too."""
        self._stores.append(store)

    def covers_vectors(self, vectors: ForgetsVectors) -> None:
        """Delete vectors too, where all that there is of somebody is deleted."""
        self._vectors.append(vectors)

    @property
    def left(self) -> int:
        """How much is not deleted yet."""
        return len(self._left)

    def note(self, entry: str, forgotten: Forgotten) -> None:
        """Have something deleted.

        Args:
            entry: names it; it takes the place of what was to be deleted by that name before, which it contains.
            forgotten: what.
        """
        self._left[entry] = forgotten
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
                entry, forgotten = next(iter(self._left.items()))
                done = await self._deleted(forgotten)
                if self._left[entry] is forgotten:
                    del self._left[entry]
                    if not done:
                        # Behind the others: one that a store cannot do must not hold up the rest.
                        self._left[entry] = forgotten
                await self._clock.sleep(PAUSE_S)

    async def _deleted(self, forgotten: Forgotten) -> bool:
        done = [await store.remove(forgotten.chosen) for store in self._stores]
        if forgotten.vectors_until is not None:
            done += [await vectors.forget(forgotten.vectors_until) for vectors in self._vectors]
        return all(done)
