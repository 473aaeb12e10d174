"""Deliveries in flight as metrics: how long handlers and hops take, and how long the oldest has been here."""

import weakref
from collections.abc import Iterable, Mapping
from typing import Protocol

from headchef.runtime.clock import Clock
from headchef.runtime.processor import Delivery
from headchef.runtime.telemetry.metrics import Metrics

Values = Iterable[tuple[float, Mapping[str, str]]]


class Underway(Protocol):
    """A hop that has begun."""

    delivery: Delivery
    began_s: float


class InFlight:
    """Measures the hops of one processor.

    Args:
        metrics: takes durations, and reads the ages when it exports.
        clock: measures.
    """

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        # Weak, because a task that is lost drops its deliveries without a word.
        self._open: weakref.WeakSet[Underway] = weakref.WeakSet()
        metrics.gauge("headchef.in_flight.oldest_age", self._oldest_in_flight)

    def begun(self, hop: Underway) -> float:
        """Note a delivery. Gives the time, in seconds of the monotonic clock."""
        self._open.add(hop)
        return self._clock.monotonic()

    def processed(self, hop: Underway, error: BaseException | None) -> None:
        """Note that the handler is done."""
        attributes = {"messaging.destination.name": hop.delivery.topic}
        self._metrics.count("messaging.client.consumed.messages", 1, attributes)
        if error is not None:
            attributes = attributes | {"error.type": type(error).__qualname__}
        self._metrics.record("messaging.process.duration", self._clock.monotonic() - hop.began_s, attributes)

    def sent(self, hop: Underway, error: BaseException | None) -> None:
        """Note that the outputs are committed, or never will be."""
        self._open.discard(hop)
        if error is None:
            age_s = max(0.0, self._clock.now().timestamp() - hop.delivery.record.timestamp_ms / 1000)
            self._metrics.record("headchef.hop.duration", age_s, {"messaging.destination.name": hop.delivery.topic})

    def _oldest_in_flight(self) -> Values:
        now_s = self._clock.monotonic()
        began: dict[tuple[str, int], float] = {}
        for hop in list(self._open):
            place = (hop.delivery.topic, hop.delivery.record.partition)
            began[place] = min(hop.began_s, began.get(place, now_s))
        return [
            (now_s - began_s, {"topic": topic, "partition": str(number)}) for (topic, number), began_s in began.items()
        ]
