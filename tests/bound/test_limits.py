"""A limit is hardly ever said too low, however often one looks, whatever the share of labels, and whoever moves."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from math import log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.bound.limits import EDGES, RISK, band_of, limits_of
from headchef.bound.tally import Tally, evidence, together

_RUNS = 200
_LABELS = 600

Chance = Callable[[Random, int], float]
"""How probable the next label is wrong, by its number."""

_CHANCES: dict[str, Chance] = {
    "the same": lambda _, __: 0.05,
    "by turns": lambda _, number: 0.01 if number % 2 else 0.09,
    "of two kinds": lambda chance, _: chance.choice((0.0, 0.1)),
}


def tallied(labels: Iterable[tuple[float, bool]]) -> Tally:
    tally = Tally()
    for weight, wrong in labels:
        tally = tally.counted(weight, wrong)
    return tally


@pytest.mark.parametrize("name", _CHANCES)
@pytest.mark.parametrize("risk", [0.05, 0.2])
def test_the_true_mean_is_hardly_ever_ruled_out_though_one_looks_at_each_label(name: str, risk: float) -> None:
    broken = 0
    for run in range(_RUNS):
        chance, tally, total = Random(run), Tally(), 0.0
        for number in range(_LABELS):
            # What weight a label has may follow from all that came before.
            weight = 1.0 if tally.losses[0] == 0 else 0.3
            wrong_with = _CHANCES[name](chance, number)
            tally = tally.counted(weight, chance.random() < wrong_with)
            total += weight * wrong_with
            if evidence(tally, total / tally.weight) >= -log(risk):
                broken += 1
                break
    assert broken <= _RUNS * risk


def test_of_all_choices_together_hardly_one_is_ever_open_whose_mean_is_above_the_limit() -> None:
    allowed, broken, runs = 0.02, 0, 60
    # From the fifth band on, the mean of all up to there is just above what is allowed.
    shares = [0.0, 0.0, 0.0, 0.0, 0.11, *[0.0225] * (len(EDGES) - 5)]
    for run in range(runs):
        chance, tallies = Random(run), [Tally()] * len(EDGES)
        for number in range(1500):
            band = number % len(EDGES)
            tallies[band] = tallies[band].counted(1.0, chance.random() < shares[band])
            if number % 50 == 49 and limits_of(tallies)[4] <= allowed:
                broken += 1
                break
    assert broken <= runs * RISK


def test_a_good_band_is_opened_after_some_hundred_labels() -> None:
    tallies = [Tally()] * len(EDGES)
    for count in range(10_000):
        if limits_of(tallies)[5] <= 0.01:
            assert 300 < count < 800
            return
        tallies[5] = tallies[5].counted(1.0, False)
    pytest.fail("never opened")


@given(st.lists(st.tuples(st.sampled_from([0.05, 0.5, 1.0]), st.booleans()), max_size=60), st.integers(0, 12))
def test_a_wrong_label_never_lowers_a_limit_and_a_right_one_never_raises_it(
    labels: list[tuple[float, bool]], band: int
) -> None:
    tallies = [Tally()] * len(EDGES)
    tallies[band] = tallied(labels)

    def after(tally: Tally) -> list[float]:
        return limits_of([*tallies[:band], tally, *tallies[band + 1 :]])

    before = limits_of(tallies)
    worse, better = after(tallies[band].found_wrong(1.0)), after(tallies[band].counted(1.0, False))
    assert all(one >= other for one, other in zip(worse, before, strict=True))
    assert all(one <= other for one, other in zip(better, before, strict=True))


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=200))
def test_limits_rise_with_the_guess(labels: list[tuple[int, bool]]) -> None:
    tallies = [Tally()] * len(EDGES)
    for band, wrong in labels:
        tallies[band] = tallies[band].counted(1.0, wrong)
    limits = limits_of(tallies)
    assert limits == sorted(limits)
    assert all(0 < limit <= 1 for limit in limits)


@given(st.lists(st.tuples(st.sampled_from([0.05, 1.0]), st.booleans()), min_size=1, max_size=80), st.floats(0.001, 1))
def test_evidence_grows_with_the_share_by_more_than_it_was(labels: list[tuple[float, bool]], share: float) -> None:
    tally = tallied(labels)
    less, more = evidence(tally, share / 1.1), evidence(tally, share)
    assert more - less >= log(1.1) * less - 1e-9


def test_the_order_of_labels_and_how_they_are_put_together_do_not_matter() -> None:
    labels = [(1.0, False), (0.05, True), (1.0, True), (0.5, False)] * 20
    one = together([tallied(labels[:30]), tallied(labels[30:])])
    other = tallied(reversed(labels))
    assert evidence(one, 0.3) == pytest.approx(evidence(other, 0.3))


@given(st.floats(0, 1))
def test_each_guess_has_its_band(guess: float) -> None:
    band = band_of(guess)
    assert guess <= EDGES[band]
    assert band == 0 or guess > EDGES[band - 1]


@pytest.mark.parametrize(
    ("allowed", "labels", "wrong"),
    [
        (0.05, 120, 0),
        (0.02, 300, 0),
        (0.01, 600, 0),
        (0.005, 1200, 0),
        (0.05, 800, 19),
        (0.02, 1700, 16),
        (0.01, 4000, 19),
        (0.005, 7100, 17),
    ],
)
def test_as_many_labels_are_needed_as_docs_cache_says(allowed: float, labels: int, wrong: int) -> None:
    def lowest(count: float) -> float:
        tallies = [Tally()] * len(EDGES)
        tallies[band_of(1.5 * allowed)] = tallied([(1.0, True)] * wrong)
        tallies[band_of(1.5 * allowed)] = replace(tallies[band_of(1.5 * allowed)], weight=count)
        return min(limits_of(tallies))

    assert lowest(labels * 1.1) <= allowed < lowest(labels * 0.9)
