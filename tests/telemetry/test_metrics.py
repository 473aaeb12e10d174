"""The table of metrics is whole, costs nothing when nobody listens, and reaches a meter when somebody does."""

import time
import timeit
from pathlib import Path
from typing import get_args

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint

from headchef.runtime.telemetry.measures import COUNTERS, GAUGES, HISTOGRAMS, CounterName, GaugeName, HistogramName
from headchef.runtime.telemetry.measures import __file__ as measures_file
from headchef.runtime.telemetry.metrics import Metrics
from tests.support.recorded_metrics import RecordedMetrics


def test_every_name_has_one_row_and_every_row_a_name() -> None:
    assert set(COUNTERS) == set(get_args(CounterName))
    assert set(HISTOGRAMS) == set(get_args(HistogramName))
    assert set(GAUGES) == set(get_args(GaugeName))


def test_every_name_is_recorded_somewhere() -> None:
    table = Path(measures_file)
    source = "".join(path.read_text("utf-8") for path in table.parents[2].rglob("*.py") if path != table)
    assert [name for name in (*COUNTERS, *HISTOGRAMS, *GAUGES) if f'"{name}"' not in source] == []


def test_every_row_says_its_unit_and_meaning_and_every_histogram_its_buckets() -> None:
    for measure in (*COUNTERS.values(), *HISTOGRAMS.values(), *GAUGES.values()):
        assert measure.unit
        assert measure.meaning
    for measure in HISTOGRAMS.values():
        assert measure.buckets is not None
        assert list(measure.buckets) == sorted(set(measure.buckets))


def test_counting_costs_less_than_a_microsecond_without_a_meter() -> None:
    metrics = Metrics()
    attributes = {"a": "b"}
    runs = 20_000

    def count() -> None:
        metrics.count("headchef.commits", 1, attributes)

    # Processor time: on a busy machine every run is interrupted.
    best_s = min(timeit.repeat(count, timer=time.thread_time, number=runs, repeat=5))
    assert best_s / runs < 1e-6


def points(reader: InMemoryMetricReader) -> dict[str, list[NumberDataPoint | HistogramDataPoint]]:
    data = reader.get_metrics_data()
    assert data is not None
    found: dict[str, list[NumberDataPoint | HistogramDataPoint]] = {}
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    assert isinstance(point, NumberDataPoint | HistogramDataPoint)
                    found.setdefault(metric.name, []).append(point)
    return found


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def metrics(reader: InMemoryMetricReader) -> Metrics:
    return Metrics(MeterProvider([reader]).get_meter("test"))


def test_counts_and_values_reach_the_meter(metrics: Metrics, reader: InMemoryMetricReader) -> None:
    metrics.count("headchef.jobs.finished", attributes={"status": "ok"})
    metrics.count("headchef.provider.cost", 0.25)
    metrics.record("gen_ai.client.operation.duration", 0.5)

    found = points(reader)
    [finished] = found["headchef.jobs.finished"]
    assert isinstance(finished, NumberDataPoint)
    assert (finished.value, finished.attributes) == (1, {"status": "ok"})
    [cost] = found["headchef.provider.cost"]
    assert isinstance(cost, NumberDataPoint)
    assert cost.value == 0.25
    [duration] = found["gen_ai.client.operation.duration"]
    assert isinstance(duration, HistogramDataPoint)
    assert tuple(duration.explicit_bounds) == HISTOGRAMS["gen_ai.client.operation.duration"].buckets


def test_a_gauge_puts_its_readers_together(metrics: Metrics, reader: InMemoryMetricReader) -> None:
    metrics.gauge("headchef.lag", lambda: [(3, {"partition": "0"})])
    metrics.gauge("headchef.lag", lambda: [(4, {"partition": "1"})])

    values = [point.value for point in points(reader)["headchef.lag"] if isinstance(point, NumberDataPoint)]
    assert sorted(values) == [3, 4]


def test_a_gauge_is_read_again_when_its_source_changed_meanwhile(
    metrics: Metrics, reader: InMemoryMetricReader
) -> None:
    readings: list[RuntimeError | float] = [RuntimeError("dictionary changed size during iteration"), 7.0]

    def read() -> list[tuple[float, dict[str, str]]]:
        reading = readings.pop(0)
        if isinstance(reading, RuntimeError):
            raise reading
        return [(reading, {})]

    metrics.gauge("headchef.in_flight", read)

    [point] = points(reader)["headchef.in_flight"]
    assert isinstance(point, NumberDataPoint)
    assert point.value == 7


def test_the_fake_remembers() -> None:
    fake = RecordedMetrics()
    fake.count("headchef.dead_letters", 2, {"topic": "jobs.submitted", "reason": "invalid"})
    fake.count("headchef.dead_letters", 1, {"topic": "jobs.submitted", "reason": "not_json"})
    fake.record("headchef.hop.duration", 0.2, {"topic": "x"})
    fake.gauge("headchef.paused", lambda: [(1, {})])

    assert fake.total("headchef.dead_letters") == 3
    assert fake.total("headchef.dead_letters", reason="invalid") == 2
    assert fake.recorded("headchef.hop.duration") == [0.2]
    assert fake.reading("headchef.paused") == [(1, {})]
