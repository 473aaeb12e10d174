"""The answer store behind a circuit: a store that is away costs one short wait now and then, and never an error."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar

from headchef.cache.circuit import CircuitPolicy, CircuitState
from headchef.cache.store import AnswerStore, Sought, StoredAnswer
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.runtime.clock import Clock
from headchef.runtime.telemetry.metrics import Metrics

_LOGGER = logging.getLogger(__name__)

Operation = Literal["open", "lookup", "put"]
Found = TypeVar("Found")


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
        self._circuit = CircuitState(policy)
        self._clock = clock
        self._metrics = metrics
        self._ready = False

    async def open(self) -> None:
        """Open the store, or go on without it for now.

        Raises:
            StoreRefused: waiting would not help; somebody has to change something.
        """

        async def nothing_more() -> None:
            return None

        await self._attempt("open", nothing_more, refusal_ends=True)

    async def lookup(self, sought: Sequence[Sought]) -> Sequence[StoredAnswer | None] | None:
        """Look for answers; None if the store is away, so that nothing is known."""

        async def look() -> Sequence[StoredAnswer | None]:
            return await self._store.lookup(sought)

        return await self._attempt("lookup", look)

    async def put(self, answers: Sequence[StoredAnswer]) -> bool:
        """Store answers; False if the store is away and they are not, or not all, stored."""

        async def put() -> bool:
            await self._store.put(answers)
            return True

        return await self._attempt("put", put) is True

    async def close(self) -> None:
        """Close the store."""
        self._ready = False
        await self._store.close()

    async def _attempt(
        self, operation: Operation, call: Callable[[], Awaitable[Found]], *, refusal_ends: bool = False
    ) -> Found | None:
        began_s = self._clock.monotonic()
        if not self._circuit.admits(began_s):
            return None
        try:
            if not self._ready:
                await self._store.open()
                self._ready = True
            found = await call()
        except StoreUnavailable as error:
            if refusal_ends and isinstance(error, StoreRefused):
                raise
            self._note_failure(operation, error)
            return None
        if self._circuit.succeeded():
            _LOGGER.warning("The answer store is back; earlier answers are reused again.")
        self._metrics.record("headchef.cache.duration", self._clock.monotonic() - began_s, {"operation": operation})
        return found

    def _note_failure(self, operation: Operation, error: StoreUnavailable) -> None:
        # What was opened may be gone, as a collection that somebody dropped: the next try opens again.
        self._ready = False
        self._metrics.count("headchef.cache.failures", 1, {"operation": operation, "reason": error.reason})
        if self._circuit.failed(self._clock.monotonic()):
            _LOGGER.warning(
                "The answer store is away (%s); steps go to their models and new answers are not kept. "
                "It is tried again in %g s, then less and less often.",
                error,
                self._circuit.wait_s,
            )
