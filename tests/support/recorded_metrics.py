"""Metrics that remember what they were told, for tests to look at."""

from collections.abc import Mapping

from headchef.runtime.telemetry.measures import COUNTERS, GAUGES, HISTOGRAMS, CounterName, GaugeName, HistogramName
from headchef.runtime.telemetry.metrics import Metrics

Attributes = tuple[tuple[str, str], ...]


class RecordedMetrics(Metrics):
    """Keeps every value; a name that is not in the table is a KeyError."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[tuple[CounterName, Attributes], float] = {}
        self.values: dict[tuple[HistogramName, Attributes], list[float]] = {}

    def count(self, name: CounterName, amount: float = 1, attributes: Mapping[str, str] | None = None) -> None:
        """Add to the sum of name and attributes."""
        assert COUNTERS[name]
        assert amount >= 0
        key = (name, _sorted(attributes))
        self.counts[key] = self.counts.get(key, 0) + amount

    def record(self, name: HistogramName, value: float, attributes: Mapping[str, str] | None = None) -> None:
        """Keep the value."""
        assert HISTOGRAMS[name]
        self.values.setdefault((name, _sorted(attributes)), []).append(value)

    def total(self, name: CounterName, **attributes: str) -> float:
        """Give the sum over all attribute sets that contain these (with `.` in a key written as `_`)."""
        wanted = attributes.items()
        return sum(
            amount
            for (counted, found), amount in self.counts.items()
            if counted == name and wanted <= {(key.replace(".", "_"), value) for key, value in found}
        )

    def recorded(self, name: HistogramName) -> list[float]:
        """Give a histogram's values, whatever their attributes."""
        return [value for (found, _), values in self.values.items() if found == name for value in values]

    def reading(self, name: GaugeName) -> list[tuple[float, Mapping[str, str]]]:
        """Read a gauge now."""
        assert GAUGES[name]
        return [value for read in self._reads.get(name, []) for value in read()]


def _sorted(attributes: Mapping[str, str] | None) -> Attributes:
    return tuple(sorted((attributes or {}).items()))
