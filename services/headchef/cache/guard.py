"""Calls a store behind a circuit: one that is away costs one short wait now and then, and never an error."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from headchef.cache.circuit import CircuitPolicy, CircuitState
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.runtime.clock import Clock
from headchef.runtime.telemetry.metrics import Metrics

_LOGGER = logging.getLogger(__name__)

Operation = Literal[
    "open",
    "lookup",
    "put",
    "remove",
    "count",
    "look_unfilled",
    "set_filled",
    "nearest",
    "put_questions",
    "remove_questions",
    "count_questions",
    "embed",
    "read_vectors",
    "write_vectors",
    "remove_vectors",
]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Guarded:
    """What is guarded, and what is said of it while it is away.

    Attributes:
        name: for messages, such as `answer store`.
        loss: what its absence means, for messages.
        open: makes it ready; on a ready one nothing happens.
    """

    name: str
    loss: str
    open: Callable[[], Awaitable[None]]


class Withheld(Exception):
    """A call was not made, or not all of it, since it may not be just now: the store is neither away nor back.

    Args:
        reason: in a word, for metrics.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Guard:
    """Makes calls while the store works, and gives None at once while it is away.

    Args:
        guarded: the store.
        policy: when it is tried again.
        clock: for waits and durations.
        metrics: for failures and durations.
    """

    def __init__(self, guarded: Guarded, policy: CircuitPolicy, clock: Clock, metrics: Metrics) -> None:
        self._guarded = guarded
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

    async def attempt(
        self, operation: Operation, call: Callable[[], Awaitable[Result]], *, limit_s: float | None = None
    ) -> Result | None:
        """Make a call, after opening the store again where it has failed before.

        Args:
            operation: for metrics.
            call: of the store; any StoreUnavailable that it raises is counted, and no error; so is Withheld, of which
                the circuit learns nothing.
            limit_s: seconds that it may take; None to leave that to the store.

        Returns:
            What the call gives, or None if the store is away, or the call withheld.
        """
        return await self._attempt(operation, call, limit_s=limit_s)

    def closed(self) -> None:
        """Note that the store is closed: the next call opens it."""
        self._ready = False

    async def _attempt(
        self,
        operation: Operation,
        call: Callable[[], Awaitable[Result]],
        *,
        limit_s: float | None = None,
        refusal_ends: bool = False,
    ) -> Result | None:
        began_s = self._clock.monotonic()
        if not self._circuit.admits(began_s):
            return None
        try:
            found = await self._within(call, limit_s)
        except StoreUnavailable as error:
            if refusal_ends and isinstance(error, StoreRefused):
                raise
            self._note_failure(operation, error)
            return None
        except Withheld as error:
            self._metrics.count("headchef.cache.failures", 1, {"operation": operation, "reason": error.reason})
            return None
        if self._circuit.succeeded():
            _LOGGER.warning("The %s is back.", self._guarded.name)
        self._metrics.record("headchef.cache.duration", self._clock.monotonic() - began_s, {"operation": operation})
        return found

    async def _within(self, call: Callable[[], Awaitable[Result]], limit_s: float | None) -> Result:
        if not self._ready:
            # A folder that is being loaded cannot be left in the middle; a server's opening has a time of its own.
            await self._guarded.open()
            self._ready = True
        if limit_s is None:
            return await call()
        try:
            async with asyncio.timeout(limit_s):
                return await call()
        except TimeoutError as error:
            raise StoreUnavailable("timeout", f"no answer within {limit_s:g} s") from error

    def _note_failure(self, operation: Operation, error: StoreUnavailable) -> None:
        # What was opened may be gone, as a collection that somebody dropped: the next try opens again.
        self._ready = False
        self._metrics.count("headchef.cache.failures", 1, {"operation": operation, "reason": error.reason})
        if self._circuit.failed(self._clock.monotonic()):
            _LOGGER.warning(
                "The %s is away (%s); %s. It is tried again in %g s, then less and less often.",
                *(self._guarded.name, error, self._guarded.loss, self._circuit.wait_s),
            )
