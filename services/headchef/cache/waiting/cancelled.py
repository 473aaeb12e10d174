"""Tells the runtime which steps that wait nobody wants any more: their jobs were cancelled meanwhile."""

from collections.abc import Callable

from headchef_contracts.events.steps import Step

from headchef.brakes import BrakesInForce, scopes
from headchef.cache.waiting.parked import keeps_a_step, read_parked
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Delivery, Hold, Outcome, Stop


class CancelledWaiters(Hold):
    """Implements the runtime's `Hold` for steps that wait: that of a cancelled job goes on at once.

    It goes to the executor, which ends it without a call.

    Args:
        in_force: the brakes. A pause stops no step that waits: an answer of somebody else costs nothing.
    """

    def __init__(self, in_force: BrakesInForce) -> None:
        self._in_force = in_force

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have somebody told when the brakes change."""
        return self._in_force.watch(changed)

    def stops_any(self) -> bool:
        """Say whether a brake is set."""
        return bool(self._in_force.brakes)

    def stop_of(self, record: Record) -> Stop | None:
        """Say whether a record is the timer of a step whose job was cancelled."""
        if not keeps_a_step((record.key or b"").decode(errors="replace")):
            return None
        return "ends" if self.is_cancelled(read_parked(record.value or b"").step) else None

    def is_cancelled(self, step: Step) -> bool:
        """Say whether a step's job was cancelled, or all that goes to its lane."""
        brakes = self._in_force.brakes
        if not brakes:
            return False
        return brakes.cancel_of(scopes(step.job, step.request.lane), step.job.submitted_at) is not None

    async def settle(self, delivery: Delivery) -> Outcome:
        """Refuse: what is handled in batches is handled by the handler."""
        raise InvariantBroken(f"nothing of a cache is settled beside its handler, not even {delivery.event_id}")
