"""Deliveries in flight as metrics: how long handlers and hops take, and how old the oldest unfinished record is."""

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from headchef_contracts import topics

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
        metrics.gauge("headchef.unfinished.oldest_age", self._oldest_record)
        metrics.gauge("headchef.unfinished.retention_used", self._retention_used)

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
        return [(now_s - began_s, place) for began_s, place in self._least(lambda hop: hop.began_s)]

    def _oldest_record(self) -> Values:
        now_s = self._clock.now().timestamp()
        return [(max(0.0, now_s - ms / 1000), place) for ms, place in self._least(_timestamp_ms)]

    def _retention_used(self) -> Values:
        now_ms = self._clock.now().timestamp() * 1000
        for ms, place in self._least(_timestamp_ms):
            retention_ms = topics.topic(place["topic"]).retention_ms
            if retention_ms > 0:
                yield max(0.0, now_ms - ms) / retention_ms, place

    def _least(self, quantity: Callable[[Underway], float]) -> Values:
        least: dict[tuple[str, int], float] = {}
        for hop in list(self._open):
            place = (hop.delivery.topic, hop.delivery.record.partition)
            least[place] = min(quantity(hop), least.get(place, float("inf")))
        return [(value, {"topic": topic, "partition": str(number)}) for (topic, number), value in least.items()]


def _timestamp_ms(hop: Underway) -> float:
    return hop.delivery.record.timestamp_ms
