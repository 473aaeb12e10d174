"""The watermark never passes an unfinished offset and forgets no finished one, whatever the order and the gaps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.runtime.watermark import Watermark


def bitmap(place: int, *offsets: int) -> int:
    """Write finished offsets as the watermark does."""
    return sum(1 << offset - place - 1 for offset in offsets)


def test_commits_the_next_offset_that_came_across_gaps() -> None:
    watermark = Watermark(10)
    for offset in (10, 13, 17):
        assert watermark.receive(offset)
    watermark.finish(10)
    assert watermark.next_commit == 13
    watermark.finish(17)
    assert watermark.after(()) == (13, bitmap(13, 17))
    watermark.finish(13)
    assert watermark.after(()) == (18, 0)


def test_what_had_finished_is_not_handed_over_again() -> None:
    watermark = Watermark(5, bitmap(5, 6, 9))
    assert watermark.receive(5)
    assert not watermark.receive(6)
    watermark.finish(5)
    assert watermark.after(()) == (7, bitmap(7, 9))
    assert watermark.receive(8)
    assert not watermark.receive(9)


def test_what_had_finished_and_has_not_come_again_stays_finished() -> None:
    watermark = Watermark(5, bitmap(5, 6))
    assert watermark.receive(5)
    watermark.finish(5)
    assert watermark.next_commit == 7, "6 had finished: a commit of 6 without it in the map would handle it twice"
    assert not watermark.receive(6)
    assert watermark.next_commit == 7


def test_refuses_what_has_come_before() -> None:
    watermark = Watermark(0)
    watermark.receive(3)
    with pytest.raises(ValueError, match="offset 3 came before 4"):
        watermark.receive(3)


def test_looks_ahead_and_moves_nothing() -> None:
    watermark = Watermark(0)
    for offset in range(3):
        watermark.receive(offset)
    assert watermark.after([0, 2]) == (1, bitmap(1, 2))
    assert watermark.after(()) == (0, 0)
    assert watermark.span == 3


def test_no_place_passes_the_first_of_what_is_lost_before_the_last_of_it_has_finished() -> None:
    watermark = Watermark(0)
    for offset in (0, 1, 3, 5, 7):
        watermark.receive(offset)
    watermark.lose(1, 4)
    watermark.finish(5)
    assert watermark.after([0]) == (1, bitmap(1, 5))
    watermark.finish(0)
    assert watermark.next_commit == 1
    watermark.finish(4)
    assert watermark.next_commit == 7


def test_what_is_lost_before_it_came_is_lost_whole_for_whoever_goes_on() -> None:
    watermark = Watermark(3, bitmap(3, 5))
    watermark.lose(3, 5)
    assert watermark.received == 6
    assert watermark.receive(6)
    assert watermark.after([6]) == (3, bitmap(3, 6))
    watermark.finish(6)
    watermark.finish(5)
    assert watermark.next_commit == 7


@given(
    offsets=st.lists(st.integers(0, 300), unique=True, min_size=1).map(sorted),
    data=st.data(),
)
def test_a_restart_at_any_point_handles_every_offset_exactly_once(offsets: list[int], data: st.DataObject) -> None:
    """Receive in order, finish in any order, restart from what was committed at any point, until all is handled."""
    handled: list[int] = []
    place, finished = 0, 0
    for _ in range(data.draw(st.integers(1, 4))):
        watermark = Watermark(place, finished)
        todo = [offset for offset in offsets if offset >= place]
        count = data.draw(st.integers(0, len(todo)))
        in_flight = [offset for offset in todo[:count] if watermark.receive(offset)]
        done = data.draw(st.permutations(in_flight))[: data.draw(st.integers(0, len(in_flight)))]
        foreseen = watermark.after(done)
        for offset in done:
            watermark.finish(offset)
            handled.append(offset)
        place, finished = watermark.after(())
        assert foreseen == (place, finished)
        assert place == watermark.next_commit
        assert all(offset in handled for offset in offsets if offset < place)
    watermark = Watermark(place, finished)
    handled += [offset for offset in offsets if offset >= place and watermark.receive(offset)]
    assert sorted(handled) == offsets
