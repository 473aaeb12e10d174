"""A lane's buckets never give out more than its quota in any minute, and hardly less."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.meter import MINUTE_S, Meter


class Taker:
    """Takes as much as a meter gives, and notes when."""

    def __init__(self, a_minute: float, tasks: int, of: int) -> None:
        self.meter = Meter(a_minute, 0.0)
        self.meter.own(tasks, of, 0.0)
        self.taken: list[tuple[float, float]] = []

    def until(self, start_s: float, end_s: float, amount: float = 1.0) -> None:
        now_s = start_s
        while True:
            wait_s = self.meter.wait_s(amount, now_s)
            if wait_s is None or now_s + wait_s >= end_s:
                return
            if wait_s > 1e-9:
                now_s += wait_s
            else:
                self.meter.take(amount, now_s)
                self.taken.append((now_s, amount))


def fullest_minute(*takers: Taker) -> float:
    """Give the most that was taken in any minute."""
    taken = sorted(each for taker in takers for each in taker.taken)
    sums = [0.0, *accumulate(amount for _, amount in taken)]
    most, first = 0.0, 0
    for last, (at_s, _) in enumerate(taken):
        while taken[first][0] <= at_s - MINUTE_S:
            first += 1
        most = max(most, sums[last + 1] - sums[first])
    return most


@pytest.mark.parametrize(("a_minute", "amount", "part"), [(600, 1, 0.97), (100_000, 1500, 0.97), (60, 1, 0.96)])
def test_nearly_all_of_a_quota_is_used_and_no_more(a_minute: float, amount: float, part: float) -> None:
    taker = Taker(a_minute, 4, 4)
    taker.until(0, 20 * MINUTE_S, amount)
    assert part * a_minute <= sum(amount for _, amount in taker.taken) / 20
    assert fullest_minute(taker) <= a_minute


def test_without_tasks_nothing_is_given_out() -> None:
    meter = Meter(60, 0)
    assert meter.wait_s(1, 100) is None
    meter.own(1, 4, 100)
    assert meter.wait_s(1, 100) == pytest.approx(MINUTE_S / 14), "a share begins empty"


def test_what_the_buckets_of_gained_tasks_held_is_paid_for() -> None:
    """Three processes empty their buckets, two of them go, and the third fills at the rate of one bucket."""
    takers = [Taker(60, 2, 6) for _ in range(3)]
    assert [taker.meter.level(600) for taker in takers] == [1, 1, 1]
    for taker in takers:
        taker.until(600, 600.001)
    takers[0].meter.own(6, 6, 600.001)
    takers[0].until(600.001, 720)
    assert 60 - 2 <= fullest_minute(*takers) <= 60


def test_what_is_lost_takes_its_part_along() -> None:
    meter = Meter(6000, 0)
    meter.own(4, 4, 0)
    assert meter.level(1000) == 120
    meter.own(1, 4, 1000)
    assert meter.level(1000) == 30
    meter.own(0, 4, 1000)
    assert meter.level(1000) == 0


def test_what_the_provider_says_is_left_is_heeded_by_all_in_parts() -> None:
    meters = [Meter(6000, 0) for _ in range(2)]
    for meter, tasks in zip(meters, (1, 3), strict=True):
        meter.own(tasks, 4, 0)
        meter.heed(100, None, 1000)
    assert [meter.level(1000) for meter in meters] == [10, 30], "of all but a spare 60"
    meters[0].heed(5000, None, 1000)
    assert meters[0].level(1000) == 10, "that there is more does not mean that it is ours"


def test_a_refusal_empties_the_bucket_and_slows_it_down_for_minutes() -> None:
    meter = Meter(6000, 0)
    meter.own(1, 1, 0)
    full = meter.rate
    meter.refused(1000)
    assert meter.level(1000) == 0
    assert meter.rate == pytest.approx(0.85 * full)
    meter.refused(1001)
    assert meter.rate == pytest.approx(0.85 * full, rel=0.01), "it was under way when the first was refused"
    meter.level(1000 + 5 * MINUTE_S)
    assert meter.rate == pytest.approx(full)
    for second in range(2000, 2100, 3):
        meter.refused(second)
    assert meter.rate == pytest.approx(0.3 * full)


def test_what_is_scarce_slows_the_bucket_down_until_there_should_be_more() -> None:
    meters = [Meter(6000, 0) for _ in range(2)]
    for meter in meters:
        meter.own(1, 1, 0)
    bucket, window = meters
    bucket.heed(0, 60, 1000)
    window.heed(0, 10, 1000)
    assert bucket.level(1001) == pytest.approx(bucket.rate * 100 / 120 / 2), "it fills by 100 a second, 120 are enough"
    assert bucket.level(1001.2) == pytest.approx(bucket.rate * 0.6)
    assert window.level(1010) == 0
    assert window.level(1010.5) == pytest.approx(window.rate * 0.5)


def test_what_was_not_used_is_given_back() -> None:
    meter = Meter(6000, 0)
    meter.own(1, 1, 0)
    meter.take(100, 1000)
    assert meter.level(1000) == 20
    meter.take(-60, 1000)
    assert meter.level(1000) == 80
    meter.take(-500, 1000)
    assert meter.level(1000) == 120


def test_a_call_larger_than_half_the_share_leaves_a_debt() -> None:
    meter = Meter(100, 0)
    meter.own(1, 1, 0)
    assert meter.wait_s(80, 1000) == pytest.approx(57.6), "the bucket grows first, and fills at a lower rate"
    assert meter.wait_s(80, 2000) == 0
    meter.take(80, 2000)
    assert meter.level(2000) == -30


def test_a_large_call_is_forgotten_after_a_while() -> None:
    meter = Meter(6000, 0)
    meter.own(1, 1, 0)
    meter.wait_s(3000, 0)
    assert meter.capacity == 3000
    for now_s in (400, 800, 1200):
        meter.level(now_s)
    assert meter.capacity == 120


def test_when_a_large_call_is_forgotten_the_faster_rate_is_paid_for() -> None:
    taker = Taker(6000, 1, 1)
    assert taker.meter.wait_s(3000, 0) == 60
    assert taker.meter.level(300) == 3000
    taker.until(599, 599.001, 10)
    taker.until(599.001, 720, 10)
    assert taker.meter.capacity == 120
    assert fullest_minute(taker) <= 6000


amounts = st.floats(0.5, 40)
pauses = st.floats(0, 90)


@given(
    a_minute=st.floats(100, 10_000),
    calls=st.lists(st.tuples(pauses, amounts, st.integers(1, 30)), min_size=1, max_size=20),
)
def test_no_minute_has_more_than_the_share_whatever_is_asked_and_when(
    a_minute: float, calls: list[tuple[float, float, int]]
) -> None:
    taker, now_s = Taker(a_minute, 1, 1), 0.0
    for pause_s, amount, times in calls:
        now_s += pause_s
        for _ in range(times):
            if taker.meter.wait_s(amount, now_s) == 0:
                taker.meter.take(amount, now_s)
                taker.taken.append((now_s, amount))
    assert fullest_minute(taker) <= a_minute * (1 + 1e-9)


moves = st.lists(st.tuples(st.floats(0.5, 45), st.integers(0, 5), st.integers(0, 2)), max_size=25)


@given(a_minute=st.sampled_from([30.0, 60.0, 600.0]), moves=moves)
def test_however_tasks_move_all_processes_together_stay_within_the_quota(
    a_minute: float, moves: list[tuple[float, int, int]]
) -> None:
    """Three processes that take all they get; a task moves, or goes to nobody, every now and then."""
    takers = [Taker(a_minute, 2, 6) for _ in range(3)]
    owners: list[int | None] = [0, 0, 1, 1, 2, 2]
    now_s = 0.0
    for pause_s, task, owner in moves:
        for taker in takers:
            taker.until(now_s, now_s + pause_s)
        now_s += pause_s
        owners[task] = None if owners[task] == owner else owner
        for number, taker in enumerate(takers):
            taker.meter.own(owners.count(number), 6, now_s)
    assert fullest_minute(*takers) <= a_minute * (1 + 1e-9)
