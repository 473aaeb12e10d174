"""The object that records metrics, each under a name of the table in `measures`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, Observation

from headchef.runtime.telemetry.measures import (
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    CounterName,
    GaugeName,
    HistogramName,
)

_READS = 5
"""Times that a gauge is read before it is left out of one export."""

Read = Callable[[], Iterable[tuple[float, Mapping[str, str]]]]
"""Gives a gauge's values just now, each with its attributes."""


class Metrics:
    """Records to a meter of OpenTelemetry; without one it costs a dictionary look-up and records nothing.

    Args:
        meter: where to, or None.
    """

    def __init__(self, meter: Meter | None = None) -> None:
        self._meter = meter
        self._reads: dict[GaugeName, list[Read]] = {}
        self._counters: dict[CounterName, Counter] = {}
        self._histograms: dict[HistogramName, Histogram] = {}
        if meter is None:
            return
        for counter, measure in COUNTERS.items():
            self._counters[counter] = meter.create_counter(counter, measure.unit, measure.meaning)
        for histogram, measure in HISTOGRAMS.items():
            self._histograms[histogram] = meter.create_histogram(
                histogram, measure.unit, measure.meaning, explicit_bucket_boundaries_advisory=measure.buckets
            )

    def count(self, name: CounterName, amount: float = 1, attributes: Mapping[str, str] | None = None) -> None:
        """Add to a counter; the amount is in the counter's unit and never negative."""
        if (counter := self._counters.get(name)) is not None:
            counter.add(amount, attributes)

    def record(self, name: HistogramName, value: float, attributes: Mapping[str, str] | None = None) -> None:
        """Add one value to a histogram, in its unit."""
        if (histogram := self._histograms.get(name)) is not None:
            histogram.record(value, attributes)

    def gauge(self, name: GaugeName, read: Read) -> None:
        """Have a gauge read whenever metrics are exported; several readers of one gauge are put together.

        Args:
            name: of the gauge.
            read: called on the exporter's thread, so it must only look and must not wait.
        """
        reads = self._reads.setdefault(name, [])
        reads.append(read)
        if self._meter is not None and len(reads) == 1:
            measure = GAUGES[name]
            self._meter.create_observable_gauge(name, [_observer(reads)], measure.unit, measure.meaning)


def _observer(reads: Sequence[Read]) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(value, attributes) for read in tuple(reads) for value, attributes in _settled(read)]

    return observe


def _settled(read: Read) -> Sequence[tuple[float, Mapping[str, str]]]:
    for _ in range(_READS):
        # The event loop may change what is being iterated: RuntimeError, "changed size during iteration".
        with suppress(RuntimeError):
            return list(read())
    return ()
