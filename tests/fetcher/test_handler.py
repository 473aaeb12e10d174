"""What follows from a planned fetch: one event, with what was read and where, or why nothing was."""

from datetime import timedelta
from typing import Any

import pytest

from headchef_contracts.events.common import Cause, Inline
from headchef_contracts.events.fetches import FetchEnded, FetchFailure, FetchPlanned, SourceRead
from headchef_contracts.registry import decode, encode

from headchef.fetcher.handler import FetcherHandler
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Emit
from headchef.runtime.telemetry.metrics import Metrics
from headchef.sources.errors import FetchFailed
from headchef.sources.wanted import Fetched, Source, Wanted
from tests.support.builders import NOON, make_completed, make_decided, make_delivery, make_head
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

ADDRESS = "https://pim.example.com/facts.json?token=secret"
SHA = "0" * 64


class NoState:
    edition = None

    def get(self, store: str, key: bytes) -> bytes | None:
        raise AssertionError((store, key))


class Library:
    """Gives what was wanted of it as the document, after a while; and fails where that is wanted."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    async def fetch(self, wanted: Wanted) -> Fetched:
        self._clock.advance(0.5)
        if "gone" in wanted.address:
            raise FetchFailed("http_status", "https://pim.example.com/gone answered 404")
        value = [wanted.address, list(wanted.allow_hosts), wanted.read_as, wanted.max_bytes, wanted.timeout_s]
        return Fetched(value, Source("https://pim.example.com/facts.json", SHA, 21, "application/json"))


def planned(**fields: Any) -> FetchPlanned:
    known: dict[str, Any] = {
        "job": make_head(home_partition=3),
        "workflow": "page@1",
        "step_id": "facts",
        "address": ADDRESS,
        "allow_hosts": ("pim.example.com",),
        "read_as": "json",
        "max_bytes": 1_000,
        "timeout_s": 20.0,
        "retries": 2,
        "decided": make_decided(),
    }
    return FetchPlanned(**(known | fields))


async def ended(event: FetchPlanned, metrics: Metrics | None = None, max_output_bytes: int = 1_000) -> FetchEnded:
    clock = ManualClock(NOON)
    handler = FetcherHandler(
        fetching=Library(clock), max_output_bytes=max_output_bytes, clock=clock, metrics=metrics or Metrics()
    )
    outcome = await handler.handle(make_delivery(event, topic="fetches.planned", value=b"{}", offset=4), NoState())
    [output] = outcome.outputs
    assert isinstance(output, Emit)
    assert (output.topic, output.partition) == ("fetches.ended", event.job.home_partition)
    assert isinstance(output.event, FetchEnded)
    assert decode(output.event.event_type, 1, encode(output.event)) == output.event
    return output.event


async def test_what_was_read_goes_to_the_owner_of_the_job_with_its_source() -> None:
    event = planned(item="ghent")
    came = await ended(event)
    assert came.output == Inline(inline=[ADDRESS, ["pim.example.com"], "json", 1_000, 20.0])
    assert came.source == SourceRead(
        address="https://pim.example.com/facts.json", sha256=SHA, size_bytes=21, content_type="application/json"
    )
    assert (came.job, came.workflow, came.step_id, came.item) == (event.job, "page@1", "facts", "ghent")
    assert (came.failure, came.duration_s) == (None, 0.5)
    assert came.decided.causes == (Cause(topic="fetches.planned", partition=0, offset=4),)


async def test_why_nothing_was_read_is_told() -> None:
    came = await ended(planned(address="https://pim.example.com/gone"))
    assert came.failure == FetchFailure(reason="http_status", message="https://pim.example.com/gone answered 404")
    assert (came.output, came.source, came.item) == (None, None, None)


async def test_more_than_fits_is_a_failure() -> None:
    came = await ended(planned(), max_output_bytes=20)
    assert came.failure is not None
    assert came.failure.reason == "too_large"
    assert "at most 20 are taken" in came.failure.message
    assert "secret" not in came.failure.message


@pytest.mark.parametrize(("late_s", "fetched"), [(-1, False), (0, False), (1, True)])
async def test_nothing_is_asked_for_after_the_deadline(late_s: float, fetched: bool) -> None:
    job = make_head(deadline=NOON + timedelta(seconds=late_s))
    came = await ended(planned(job=job))
    assert (came.failure is None) == fetched
    assert fetched or (came.failure is not None and came.failure.reason == "deadline_exceeded")


@pytest.mark.parametrize(("late_s", "fetched"), [(-1, False), (0, False), (1, True)])
async def test_nothing_is_asked_for_after_the_time_of_its_step(late_s: float, fetched: bool) -> None:
    came = await ended(planned(deadline=NOON + timedelta(seconds=late_s)))
    assert (came.failure is None) == fetched
    assert fetched or (came.failure is not None and came.failure.reason == "step_budget_exceeded")


async def test_how_long_it_took_is_measured_by_what_came_of_it() -> None:
    metrics = RecordedMetrics()
    await ended(planned(), metrics)
    await ended(planned(address="https://pim.example.com/gone"), metrics)
    assert metrics.values == {
        ("headchef.fetch.duration", (("outcome", "ok"),)): [0.5],
        ("headchef.fetch.duration", (("outcome", "http_status"),)): [0.5],
    }


async def test_another_event_is_a_fault_of_ours() -> None:
    clock = ManualClock(NOON)
    handler = FetcherHandler(fetching=Library(clock), max_output_bytes=10, clock=clock, metrics=Metrics())
    with pytest.raises(InvariantBroken):
        await handler.handle(make_delivery(make_completed(), topic="fetches.planned", value=b"{}"), NoState())
