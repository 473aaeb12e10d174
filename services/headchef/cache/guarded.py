"""The answer store behind a circuit: a store that is away costs one short wait now and then, and never an error."""

from collections.abc import Sequence

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guard import Guard, Guarded
from headchef.cache.selection import Selection
from headchef.cache.store import AnswerStore, Sought, StoredAnswer
from headchef.runtime.clock import Clock
from headchef.runtime.telemetry.metrics import Metrics


class GuardedStore:
    """Calls the store while it works, and says None or False at once while it is away.

    Args:
        store: what is guarded.
        policy: when it is tried again.
        clock: for waits and durations.
        metrics: for failures and durations.
    """

    def __init__(self, store: AnswerStore, policy: CircuitPolicy, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        loss = "steps go to their models and new answers are not kept"
        self._guard = Guard(Guarded("answer store", loss, store.open), policy, clock, metrics)

    async def open(self) -> None:
        """Open the store, or go on without it for now.

        Raises:
            StoreRefused: waiting would not help; somebody has to change something.
        """
        await self._guard.open()

    async def lookup(self, sought: Sequence[Sought]) -> Sequence[StoredAnswer | None] | None:
        """Look for answers; None if the store is away, so that nothing is known."""

        async def look() -> Sequence[StoredAnswer | None]:
            return await self._store.lookup(sought)

        return await self._guard.attempt("lookup", look)

    async def put(self, answers: Sequence[StoredAnswer]) -> bool:
        """Store answers; False if the store is away and they are not, or not all, stored."""

        async def put() -> bool:
            await self._store.put(answers)
            return True

        return await self._guard.attempt("put", put) is True

    async def remove(self, selection: Selection) -> bool:
        """Remove answers; False if the store is away and they are not, or not all, removed."""

        async def remove() -> bool:
            await self._store.remove(selection)
            return True

        return await self._guard.attempt("remove", remove) is True

    async def unfilled(self) -> bool | None:
        """Say whether the store is to be filled again; None if it is away."""

        async def unfilled() -> bool:
            return await self._store.unfilled()

        return await self._guard.attempt("look_unfilled", unfilled)

    async def set_filled(self) -> bool:
        """Say that it has been filled again; False if it is away."""

        async def set_filled() -> bool:
            await self._store.set_unfilled(False)
            return True

        return await self._guard.attempt("set_filled", set_filled) is True

    async def count(self) -> int | None:
        """Say how many answers there are; None if the store is away."""

        async def count() -> int:
            return await self._store.count()

        return await self._guard.attempt("count", count)

    async def close(self) -> None:
        """Close the store."""
        self._guard.closed()
        await self._store.close()
