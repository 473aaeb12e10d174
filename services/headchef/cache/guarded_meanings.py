"""The store of questions behind a circuit: one that is away costs one short wait now and then, and never an error."""

from collections.abc import Sequence

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guard import Guard, Guarded
from headchef.cache.meanings import Meanings, Near, Question, SoughtMeaning
from headchef.cache.selection import Selection
from headchef.runtime.clock import Clock
from headchef.runtime.telemetry.metrics import Metrics


class GuardedMeanings:
    """Calls the store while it works, and says None or False at once while it is away.

    Args:
        meanings: what is guarded.
        policy: when it is tried again.
        limit_s: seconds that a search may take; steps wait for it. Above 0.
        clock: for waits and durations.
        metrics: for failures and durations.
    """

    def __init__(
        self, meanings: Meanings, policy: CircuitPolicy, limit_s: float, clock: Clock, metrics: Metrics
    ) -> None:
        self._meanings = meanings
        loss = "questions of another wording go to their models, and new ones are not kept"
        self._guard = Guard(Guarded("store of questions", loss, meanings.open), policy, clock, metrics)
        self._limit_s = limit_s

    async def open(self) -> None:
        """Open the store, or go on without it for now.

        Raises:
            StoreRefused: waiting would not help; somebody has to change something.
        """
        await self._guard.open()

    async def nearest(self, sought: Sequence[SoughtMeaning], top_k: int) -> Sequence[Sequence[Near]] | None:
        """Search for several; None if the store is away, or took too long, so that nothing is known."""

        async def search() -> Sequence[Sequence[Near]]:
            return await self._meanings.nearest(sought, top_k)

        return await self._guard.attempt("nearest", search, limit_s=self._limit_s)

    async def put(self, questions: Sequence[Question]) -> bool:
        """Keep questions; False if the store is away and they are not, or not all, kept."""

        async def put() -> bool:
            await self._meanings.put(questions)
            return True

        return await self._guard.attempt("put_questions", put) is True

    async def remove(self, selection: Selection) -> bool:
        """Remove questions; False if the store is away and they are not, or not all, removed."""

        async def remove() -> bool:
            await self._meanings.remove(selection)
            return True

        return await self._guard.attempt("remove_questions", remove) is True

    async def count(self) -> int | None:
        """Say how many questions there are; None if the store is away."""

        async def count() -> int:
            return await self._meanings.count()

        return await self._guard.attempt("count_questions", count)

    async def close(self) -> None:
        """Close the store."""
        self._guard.closed()
        await self._meanings.close()
