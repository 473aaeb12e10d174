"""What the changelog keeps of a timer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.runtime.errors import UnknownVersion
from headchef.runtime.processor import Timer
from headchef.runtime.timers import event_id, fallen_due, gone_off, read_timer, set_timer

MOMENT = datetime(2026, 11, 25, tzinfo=UTC)
times = st.integers(-(10**15), 10**15).map(lambda microseconds: MOMENT + timedelta(microseconds=microseconds))
timers = st.builds(Timer, st.text(min_size=1), times, st.binary())
traces = st.lists(st.tuples(st.sampled_from(["traceparent", "tracestate"]), st.binary()), unique_by=lambda it: it[0])


@given(timers, traces)
def test_a_timer_is_read_as_it_was_set(timer: Timer, trace: list[tuple[str, bytes]]) -> None:
    """Also with headers that are no text, which anybody can publish."""
    change = set_timer(timer, tuple(trace))
    assert change.value is not None
    read, carried = read_timer(change.key, change.value)
    assert (read.id, read.payload, list(carried)) == (timer.id, timer.payload, trace)
    assert 0 <= (timer.due - read.due).total_seconds() < 0.001
    assert gone_off(fallen_due("t", 0, timer, carried)) == read
    assert event_id(read) == event_id(timer)


def test_another_due_time_is_another_event() -> None:
    first = Timer("a", datetime(2026, 11, 25, tzinfo=UTC), b"")
    second = Timer("a", datetime(2026, 11, 26, tzinfo=UTC), b"")
    assert event_id(first) != event_id(second) != event_id(Timer("b", second.due, b""))


def test_a_timer_of_a_newer_program_is_left_alone() -> None:
    with pytest.raises(UnknownVersion, match="upgrade this processor first"):
        read_timer(b"a", b'{"v": 2}\n')
