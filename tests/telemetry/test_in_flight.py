"""Ages and durations of deliveries in flight, as operators see them."""

import gc

import pytest

from headchef.runtime.telemetry.in_flight import InFlight
from headchef.runtime.telemetry.tracing import Tracer
from tests.support.manual_clock import START, ManualClock
from tests.support.recorded_metrics import RecordedMetrics
from tests.telemetry.deliveries import make_delivery

PLACE = {"topic": "steps.planned", "partition": "3"}
START_MS = int(START.timestamp() * 1000)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def metrics() -> RecordedMetrics:
    return RecordedMetrics()


@pytest.fixture
def tracer(metrics: RecordedMetrics, clock: ManualClock) -> Tracer:
    return Tracer(InFlight(metrics, clock))


def test_a_hop_is_measured_from_the_record_to_the_commit(
    tracer: Tracer, metrics: RecordedMetrics, clock: ManualClock
) -> None:
    hop = tracer.process(make_delivery(timestamp_ms=START_MS))
    clock.advance(1)
    with hop:
        clock.advance(2)
    clock.advance(3)
    hop.sent()

    assert metrics.recorded("messaging.process.duration") == [3]
    assert metrics.recorded("headchef.hop.duration") == [6]
    assert metrics.total("messaging.client.consumed.messages", messaging_destination_name="steps.planned") == 1


def test_the_oldest_delivery_of_each_partition_is_shown_until_it_is_committed(
    tracer: Tracer, metrics: RecordedMetrics, clock: ManualClock
) -> None:
    first = tracer.process(make_delivery(timestamp_ms=START_MS - 60_000))
    clock.advance(5)
    second = tracer.process(make_delivery(timestamp_ms=START_MS))
    clock.advance(5)

    assert metrics.reading("headchef.in_flight.oldest_age") == [(10, PLACE)]
    first.sent()
    assert metrics.reading("headchef.in_flight.oldest_age") == [(5, PLACE)]
    second.sent(TimeoutError())
    assert metrics.reading("headchef.in_flight.oldest_age") == []
    assert len(metrics.recorded("headchef.hop.duration")) == 1


def test_a_delivery_that_was_dropped_with_its_task_is_forgotten(tracer: Tracer, metrics: RecordedMetrics) -> None:
    hop = tracer.process(make_delivery())
    assert len(metrics.reading("headchef.in_flight.oldest_age")) == 1
    del hop
    gc.collect()
    assert metrics.reading("headchef.in_flight.oldest_age") == []


def test_a_failed_handler_is_measured_by_the_kind_of_its_error(tracer: Tracer, metrics: RecordedMetrics) -> None:
    with pytest.raises(KeyError), tracer.process(make_delivery()):
        raise KeyError
    [(_, attributes)] = metrics.values
    assert dict(attributes)["error.type"] == "KeyError"
