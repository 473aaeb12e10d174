"""What the changelog keeps of a timer."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.common import JOB_CLASSES

from headchef.runtime.errors import UnknownVersion
from headchef.runtime.processor import TIMERS, Store, Timer
from headchef.runtime.state import TaskState
from headchef.runtime.timers import Alarm, event_id, fallen_due, gone_off, read_timer, set_timer
from tests.support.virtual_time import LoopClock, VirtualTimeLoop

MOMENT = datetime(2026, 11, 25, tzinfo=UTC)
times = st.integers(-(10**15), 10**15).map(lambda microseconds: MOMENT + timedelta(microseconds=microseconds))
timers = st.builds(Timer, st.text(min_size=1), times, st.binary(), st.sampled_from(JOB_CLASSES))
traces = st.lists(st.tuples(st.sampled_from(["traceparent", "tracestate"]), st.binary()), unique_by=lambda it: it[0])


@given(timers, traces)
def test_a_timer_is_read_as_it_was_set(timer: Timer, trace: list[tuple[str, bytes]]) -> None:
    """Also with headers that are no text, which anybody can publish."""
    change = set_timer(timer, tuple(trace), MOMENT)
    assert change.value is not None
    read, carried, longest = read_timer(change.key, change.value)
    assert longest == max(timedelta(0), timer.due - MOMENT) // timedelta(milliseconds=1) * timedelta(milliseconds=1)
    assert (read.id, read.payload, list(carried)) == (timer.id, timer.payload, trace)
    assert read.job_class == timer.job_class
    assert 0 <= (timer.due - read.due).total_seconds() < 0.001
    assert gone_off(fallen_due("t", 0, timer, carried)) == read
    assert event_id(read) == event_id(timer)


def test_another_due_time_is_another_event() -> None:
    first = Timer("a", datetime(2026, 11, 25, tzinfo=UTC), b"")
    second = Timer("a", datetime(2026, 11, 26, tzinfo=UTC), b"")
    assert event_id(first) != event_id(second) != event_id(Timer("b", second.due, b""))


def test_a_timer_of_the_release_before_is_interactive() -> None:
    timer, _, _ = read_timer(b"a", b'{"v": 1, "due_ms": 0, "after_ms": 0, "trace": {}}\npayload')
    assert timer.job_class == "interactive"


def test_a_timer_of_a_newer_program_is_left_alone() -> None:
    with pytest.raises(UnknownVersion, match="upgrade this processor first"):
        read_timer(b"a", b'{"v": 2}\n')


class Wall(LoopClock):
    """A clock whose wall time can be wrong."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead_s)


@pytest.mark.parametrize(("set_ahead_s", "then_ahead_s"), [(3600, 0), (0, -3600), (0, 3600), (-3600, -3600)])
@pytest.mark.parametrize("restored", [True, False])
def test_no_clock_makes_a_timer_wait_longer_than_it_was_to(
    set_ahead_s: float, then_ahead_s: float, restored: bool
) -> None:
    async def ring() -> float:
        clock, rang = Wall(), asyncio.Event()
        clock.ahead_s = set_ahead_s
        state = TaskState((Store(TIMERS),), 0, {TIMERS: "t"})
        change = set_timer(Timer("a", clock.now() + timedelta(seconds=10), b""), (), clock.now())

        def alarm() -> Alarm:
            return Alarm("t", 0, state=state, clock=clock, hand_over=lambda _: rang.set())

        first = alarm()
        state.apply((change,), 0)
        first.noted((change,))
        clock.ahead_s = then_ahead_s
        running = asyncio.ensure_future((alarm() if restored else first).run())
        await rang.wait()
        running.cancel()
        return clock.monotonic()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        waited_s = runner.run(ring())
    early = restored and then_ahead_s > set_ahead_s
    assert waited_s == pytest.approx(0 if early else 10, abs=0.01)
