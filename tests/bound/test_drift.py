"""A change for the worse is noticed soon, and chance is seldom taken for one."""

from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.bound.drift import LOOKS, Drift


def looks_until_alarm(wrong_with: float, limit: float, seed: int, most: int) -> int:
    chance, drift = Random(seed), Drift()
    for number in range(1, most + 1):
        drift = drift.looked(chance.random() < wrong_with, limit)
        if drift.alarm:
            return number
    return most


@pytest.mark.parametrize(("wrong_with", "about"), [(1 / 3, 13), (0.1, 105)])
def test_it_is_noticed_after_as_many_looks_as_the_decision_says(wrong_with: float, about: int) -> None:
    looks = [looks_until_alarm(wrong_with, 0.01, seed, 1000) for seed in range(200)]
    assert about * 0.6 < median(looks) < about * 1.4


@pytest.mark.parametrize("limit", [0.005, 0.02, 0.1])
def test_a_false_alarm_comes_seldom_even_where_twice_the_limit_is_wrong(limit: float) -> None:
    looks = [looks_until_alarm(2 * limit, limit, seed, 6000) for seed in range(12)]
    assert sum(looks) / len(looks) > LOOKS


def test_a_good_time_before_does_not_put_it_off() -> None:
    drift = Drift()
    for _ in range(10_000):
        drift = drift.looked(False, 0.01)
    assert drift == Drift()


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=100))
def test_sums_never_fall_below_nothing_and_an_error_never_lowers_them(looks: list[tuple[bool, float]]) -> None:
    drift = Drift()
    for wrong, limit in looks:
        drift = drift.looked(wrong, limit)
    assert min(drift.sums) >= 0
    more = drift.found_wrong(0.05)
    assert all(one >= other for one, other in zip(more.sums, drift.sums, strict=True))


def test_where_all_may_be_wrong_nothing_is_an_alarm() -> None:
    drift = Drift()
    for _ in range(1000):
        drift = drift.looked(True, 0.5)
    assert not drift.alarm
