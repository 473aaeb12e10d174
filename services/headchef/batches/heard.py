"""Keeps what was said last of each tenant's batches: that they pause, or go on. So a process knows of a resume."""

from headchef_contracts.events.brakes import BrakeSet
from headchef_contracts.events.common import Event

from headchef.brakes import TOPIC
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.errors import InvalidEvent


class Heard:
    """Takes up the broadcast of brakes."""

    def __init__(self) -> None:
        self._last: dict[str, BrakeSet] = {}

    @property
    def broadcast(self) -> Broadcast:
        """Tell the runtime what to read."""
        return Broadcast(TOPIC, self.take)

    async def take(self, event: Event) -> None:
        """Remember it, if it is of a tenant's batch.

        Raises:
            InvalidEvent: it is something else than a brake.
        """
        if not isinstance(event, BrakeSet):
            raise InvalidEvent("unexpected_event", None, f"{type(event).__name__} in place of BrakeSet")
        if event.action != "cancel" and event.scope.tenant is not None and event.scope.batch_id is not None:
            self._last[event.scope.name] = event

    def last(self, scope: str) -> BrakeSet | None:
        """Give what was said last of a scope, a pause or a resume; None for nothing."""
        return self._last.get(scope)
