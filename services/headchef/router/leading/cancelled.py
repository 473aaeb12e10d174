"""Tells the runtime which reviews nobody wants any more: their jobs were cancelled while they waited for a person."""

from collections.abc import Callable

from headchef.brakes import BrakesInForce, scopes
from headchef.router.leading.asking_people import waiting_of
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Delivery, Hold, Outcome, Stop


class CancelledReviews(Hold):
    """Implements the runtime's `Hold` for the timers of reviews: that of a cancelled job goes off at once.

    Args:
        in_force: the brakes. A pause stops no review: a person's decision costs nothing.
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
        """Say whether a record is the timer of a review whose job was cancelled."""
        waiting = waiting_of((record.key or b"").decode(errors="replace"), record.value or b"")
        if waiting is None:
            return None
        cancel = self._in_force.brakes.cancel_of(scopes(waiting.job, None), waiting.job.submitted_at)
        return None if cancel is None else "ends"

    async def settle(self, delivery: Delivery) -> Outcome:
        """Refuse: what is handled in order is handled by the handler."""
        raise InvariantBroken(f"nothing of a router is settled beside its handler, not even {delivery.event_id}")
