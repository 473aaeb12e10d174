"""What a process knows of invalidations, until when, and what it takes unreadable entries for."""

import pytest

from headchef_contracts.events.common import Event
from headchef_contracts.events.invalidations import CacheInvalidated, InvalidatedScope, entry_of

from headchef.cache.forgetting import Forgetting
from headchef.cache.invalidated import Origin
from headchef.cache.invalidations import Invalidations
from headchef.runtime.errors import InvalidEvent
from tests.cache.builders import make_planned
from tests.support.manual_clock import START, ManualClock
from tests.support.recorded_metrics import RecordedMetrics

OLD = Origin("acme", None, START)


def said(scope: InvalidatedScope) -> Event:
    return CacheInvalidated(entry=entry_of(scope, erase=False), scope=scope, by="ann@desk-7", at=START)


class Bench:
    def __init__(self) -> None:
        self.clock, self.metrics = ManualClock(), RecordedMetrics()
        self.known = Invalidations(2.0, self.clock, self.metrics, Forgetting(self.clock))


def test_nothing_is_known_before_the_broadcast_has_been_read() -> None:
    assert not Bench().known.known


def test_what_is_known_is_relied_on_for_the_time_that_is_set() -> None:
    bench = Bench()
    bench.clock.advance(10)
    bench.known.read_to(9.5)
    bench.clock.advance(1.5)
    assert bench.known.known
    bench.clock.advance(0.1)
    assert not bench.known.known
    bench.known.read_to(11.5)
    assert bench.known.known


async def test_an_entry_counts_until_it_was_published_and_not_until_its_writer_says() -> None:
    bench = Bench()
    bench.known.dated(START.replace(hour=9))
    await bench.known.take(said(InvalidatedScope(tenant="acme")))
    assert bench.known.holds(OLD)
    bench.known.dated(START.replace(hour=13))
    await bench.known.take(said(InvalidatedScope(tenant="acme")))
    assert not bench.known.holds(OLD)


async def test_an_entry_that_cannot_be_read_may_be_of_anything() -> None:
    bench = Bench()
    bench.known.dated(START)
    await bench.known.refused(b"invalidate moon=full", "unknown version")
    assert not bench.known.holds(OLD)


async def test_another_event_is_none() -> None:
    with pytest.raises(InvalidEvent, match="StepPlanned in place of CacheInvalidated"):
        await Bench().known.take(make_planned())


async def test_gauges_show_scopes_and_age() -> None:
    bench = Bench()
    assert bench.metrics.reading("headchef.cache.invalidations_age") == []
    bench.known.read_to(0.0)
    bench.clock.advance(1.25)
    await bench.known.take(said(InvalidatedScope(tag="menu")))
    assert bench.metrics.reading("headchef.cache.invalidations_age") == [(1.25, {})]
    assert bench.metrics.reading("headchef.cache.invalidations") == [(1, {})]
