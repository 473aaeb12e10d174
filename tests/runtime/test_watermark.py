"""The watermark never passes an unfinished offset and forgets no finished one, whatever the order and the gaps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.runtime.watermark import Watermark


def test_commits_the_next_delivered_offset_across_gaps() -> None:
    watermark = Watermark(10)
    for offset in (10, 13, 17):
        assert watermark.deliver(offset)
    watermark.finish(10)
    assert watermark.next_commit == 13
    watermark.finish(17)
    assert watermark.next_commit == 13
    assert watermark.finished_above() == [17]
    watermark.finish(13)
    assert watermark.next_commit == 18
    assert watermark.finished_above() == []


def test_passes_over_what_had_finished_before_the_last_recovery() -> None:
    watermark = Watermark(5, [6, 9])
    assert watermark.deliver(5)
    assert not watermark.deliver(6)
    watermark.finish(5)
    assert watermark.next_commit == 7
    assert watermark.finished_above() == [9]
    assert watermark.deliver(8)
    assert not watermark.deliver(9)


def test_remembers_what_had_finished_until_it_is_delivered_again() -> None:
    watermark = Watermark(5, [6])
    assert watermark.deliver(5)
    watermark.finish(5)
    assert watermark.next_commit == 7, "6 had finished: a commit of 6 without it in the map would handle it twice"
    assert not watermark.deliver(6)
    assert watermark.next_commit == 7


def test_refuses_a_delivery_out_of_order() -> None:
    watermark = Watermark(0)
    watermark.deliver(3)
    with pytest.raises(ValueError, match="offset 3 was delivered before 4"):
        watermark.deliver(3)


def test_a_copy_moves_alone() -> None:
    watermark = Watermark(0)
    watermark.deliver(0)
    twin = watermark.copy()
    twin.finish(0)
    assert (watermark.next_commit, twin.next_commit) == (0, 1)


@given(
    offsets=st.lists(st.integers(0, 300), unique=True, min_size=1).map(sorted),
    data=st.data(),
)
def test_a_restart_at_any_point_handles_every_offset_exactly_once(offsets: list[int], data: st.DataObject) -> None:
    """Deliver and finish in any order, restart from what was committed at any point, until all is handled."""
    handled: list[int] = []
    place = 0
    finished: list[int] = []
    for _ in range(data.draw(st.integers(1, 4))):
        watermark = Watermark(place, finished)
        todo = [offset for offset in offsets if offset >= place]
        count = data.draw(st.integers(0, len(todo)))
        in_flight = [offset for offset in todo[:count] if watermark.deliver(offset)]
        done = data.draw(st.permutations(in_flight))[: data.draw(st.integers(0, len(in_flight)))]
        for offset in done:
            watermark.finish(offset)
            handled.append(offset)
        place, finished = watermark.next_commit, watermark.finished_above()
        assert all(offset in handled for offset in offsets if offset < place)
    watermark = Watermark(place, finished)
    handled += [offset for offset in offsets if offset >= place and watermark.deliver(offset)]
    assert sorted(handled) == offsets
