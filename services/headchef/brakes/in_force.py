"""The brakes that are set, as this process knows them from their broadcast, and who is told when that changes."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from headchef_contracts.events.brakes import BrakeSet
from headchef_contracts.events.common import Event

from headchef.brakes.policy import Brakes, said
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.telemetry.metrics import Metrics

_log = logging.getLogger(__name__)

TOPIC = "brakes"


class BrakesInForce:
    """Takes up what operators say.

    Args:
        processor: for the log and the gauge.
        metrics: shows how many brakes are set.

    Attributes:
        brakes: those that are set; changed in place.
    """

    def __init__(self, processor: str, metrics: Metrics) -> None:
        self.brakes = Brakes()
        self._processor = processor
        self._watchers: dict[Callable[[], None], None] = {}
        metrics.gauge("headchef.brakes.set", self._set)

    @property
    def broadcast(self) -> Broadcast:
        """Tell the runtime what to read."""
        return Broadcast(TOPIC, self.take)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have somebody told of each change.

        Returns:
            Ends that.
        """
        self._watchers[changed] = None
        return lambda: self._watchers.pop(changed, None)

    async def take(self, event: Event) -> None:
        """Heed what was said of a scope from now on.

        Raises:
            InvalidEvent: it is something else.
        """
        if not isinstance(event, BrakeSet):
            raise InvalidEvent("unexpected_event", None, f"{type(event).__name__} in place of BrakeSet")
        self.brakes.take(event)
        _log.info("%s: %s, %s", self._processor, said(event), event.set_at.isoformat())
        for changed in tuple(self._watchers):
            changed()

    def _set(self) -> Iterable[tuple[float, Mapping[str, str]]]:
        counts = Counter(event.action for event in self.brakes)
        return [(count, {"processor": self._processor, "action": action}) for action, count in counts.items()]
