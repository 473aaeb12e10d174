"""A batch that keeps its limit is hardly ever paused, however often one looks; one that does not soon is."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.evidence import RISK, interval, is_above

LIMITS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.9, 0.99)


def chance_of_a_pause(rate: float, limit: float, answers: int) -> float:
    """Give the exact chance that a batch of so many answers is ever paused, where each is bad with that chance."""
    chances, paused = {0: 1.0}, 0.0
    for looked_at in range(1, answers + 1):
        after: dict[int, float] = {}
        for bad, chance in chances.items():
            for more, share in ((0, 1 - rate), (1, rate)):
                if is_above(looked_at, bad + more, limit):
                    paused += chance * share
                else:
                    after[bad + more] = after.get(bad + more, 0.0) + chance * share
        chances = after
    return paused


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("share_of_it", [0.5, 1.0])
def test_who_keeps_the_limit_is_seldom_paused_though_one_looks_at_each_answer(limit: float, share_of_it: float) -> None:
    assert chance_of_a_pause(limit * share_of_it, limit, 200) <= RISK


@pytest.mark.parametrize(
    ("limit", "rate", "within"), [(0.1, 1.0, 20), (0.1, 0.5, 30), (0.1, 0.3, 100), (0.02, 0.5, 20), (0.5, 1.0, 20)]
)
def test_who_does_not_keep_it_is_soon_paused(limit: float, rate: float, within: int) -> None:
    assert chance_of_a_pause(rate, limit, within) > 0.9


def test_a_rate_a_little_above_the_limit_is_found_in_a_large_batch() -> None:
    chance, bad = Random(1), 0
    for answers in range(1, 20_000):
        bad += chance.random() < 0.12
        if is_above(answers, bad, 0.1):
            return
    pytest.fail(f"{bad} of 20,000 went unnoticed")


@given(st.integers(1, 10**7), st.data())
def test_no_share_is_above_1_and_any_is_above_0(answers: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, answers))
    assert not is_above(answers, bad, 1.0)
    assert is_above(answers, bad, 0.0) == (bad > 0)


@given(st.integers(1, 10**6), st.floats(0, 1), st.data())
def test_more_bad_answers_are_more_evidence(answers: int, limit: float, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, answers - 1))
    assert is_above(answers, bad + 1, limit) >= is_above(answers, bad, limit)
    assert is_above(answers + 1, bad, limit) <= is_above(answers, bad, limit)
    assert not (is_above(answers, bad, limit) and bad / answers < limit)


def chance_of_ever_outside(rate: float, answers: int) -> float:
    """Give the exact chance that a share was outside its interval at one of so many looks."""
    chances, outside = {0: 1.0}, 0.0
    for looked_at in range(1, answers + 1):
        after: dict[int, float] = {}
        for bad, chance in chances.items():
            for more, share in ((0, 1 - rate), (1, rate)):
                low, high = interval(looked_at, bad + more)
                if low <= rate <= high:
                    after[bad + more] = after.get(bad + more, 0.0) + chance * share
                else:
                    outside += chance * share
        chances = after
    return outside


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.95])
def test_a_share_is_hardly_ever_outside_its_interval_however_often_one_looks(rate: float) -> None:
    assert chance_of_ever_outside(rate, 40) <= RISK


def test_an_interval_holds_the_share_that_was_seen_and_narrows() -> None:
    assert interval(0, 0) == (0.0, 1.0)
    for answers, bad in ((10, 0), (10, 10), (200, 4), (5_000, 100), (5_000, 4_900)):
        low, high = interval(answers, bad)
        assert 0 <= low <= bad / answers <= high <= 1
    assert interval(5_000, 100)[1] - interval(5_000, 100)[0] < 0.02
    assert interval(200, 0)[0] == 0
    assert interval(200, 0)[1] < 0.04
    assert interval(200, 200)[1] == 1
