"""The lane of an embedding endpoint: its quota holds in any minute over all processes, and its refusals are heeded."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.embedding.lane import SOON_S, EmbeddingLane, EmbeddingQuota


def _lane(**quota: int) -> EmbeddingLane:
    lane = EmbeddingLane(EmbeddingQuota(**quota), 0.0)
    lane.own({0}, 1, 0.0)
    return lane


def _fullest_minute(taken: list[tuple[float, float]]) -> float:
    """Give the most that was taken in any minute."""
    taken = sorted(taken)
    sums = [0.0, *accumulate(amount for _, amount in taken)]
    first, most = 0, 0.0
    for last, (at_s, _) in enumerate(taken):
        while taken[first][0] <= at_s - 60:
            first += 1
        most = max(most, sums[last + 1] - sums[first])
    return most


@given(
    shares=st.lists(st.integers(min_value=1, max_value=3), min_size=1, max_size=3),
    sizes=st.lists(st.integers(min_value=1, max_value=400), min_size=1, max_size=20),
)
def test_processes_together_keep_to_the_quota_in_any_minute(shares: list[int], sizes: list[int]) -> None:
    of, numbers = sum(shares), iter(range(sum(shares)))
    lanes = []
    for share in shares:
        lane = EmbeddingLane(EmbeddingQuota(requests_per_minute=120, tokens_per_minute=10_000), 0.0)
        lane.own({next(numbers) for _ in range(share)}, of, 0.0)
        lanes.append(lane)
    taken: list[tuple[float, float]] = []
    for lane in lanes:
        now_s, number = 0.0, 0
        while now_s < 180:
            tokens = float(sizes[number % len(sizes)])
            wait_s = lane.wait_s(tokens, now_s)
            assert wait_s is not None
            if wait_s > 0:
                now_s += wait_s + SOON_S
                continue
            lane.take(tokens, now_s)
            lane.answered(1, tokens, int(tokens), now_s)
            lane.end()
            taken.append((now_s, tokens))
            number += 1
    assert _fullest_minute([(at_s, 1.0) for at_s, _ in taken]) <= 120 + 1e-6
    assert _fullest_minute(taken) <= 10_000 + 1e-6


@pytest.mark.parametrize(("concurrency", "of"), [(1, 4), (3, 4), (4, 4), (7, 4), (50, 12)])
def test_each_place_has_one_owner(concurrency: int, of: int) -> None:
    def places(*tasks: int) -> int:
        lane = EmbeddingLane(EmbeddingQuota(concurrency=concurrency), 0.0)
        lane.own(tasks, of, 0.0)
        return lane.places

    assert places(*range(of)) == concurrency
    assert sum(places(task) for task in range(of)) == concurrency


def test_without_limits_no_task_is_needed_and_so_many_go_on_at_once() -> None:
    lane = EmbeddingLane(EmbeddingQuota(), 0.0)
    for _ in range(lane.places):
        assert lane.wait_s(1e9, 0.0) == 0
        lane.take(1e9, 0.0)
    assert lane.wait_s(1, 0.0) is None
    lane.end()
    assert lane.wait_s(1, 0.0) == 0


def test_a_refusal_stops_all_for_as_long_as_is_asked() -> None:
    lane = _lane()
    lane.refused(7.0, 100.0)
    assert lane.wait_s(1, 101.0) == pytest.approx(6)
    assert lane.paused(106.9)
    assert not lane.paused(107)
    lane.refused(1e9, 200.0)
    assert lane.wait_s(1, 200.0) == 3600


def test_without_a_word_on_how_long_the_pause_doubles_until_something_is_answered() -> None:
    lane, now_s = _lane(), 0.0
    pauses = []
    for _ in range(7):
        lane.refused(None, now_s)
        # Others that were under way were refused with it.
        lane.refused(None, now_s)
        pauses.append(lane.wait_s(1, now_s))
        now_s += pauses[-1] or 0.0
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 30, 30])
    lane.answered(1, 1.0, None, now_s)
    lane.refused(None, now_s)
    assert lane.wait_s(1, now_s) == pytest.approx(1)


def test_what_texts_come_to_is_learnt() -> None:
    lane = _lane(tokens_per_minute=60_000)
    assert lane.tokens_of(100) == 100
    for _ in range(60):
        lane.answered(100, 100.0, 300, 0.0)
    assert lane.tokens_of(100) == pytest.approx(300, rel=0.01)
