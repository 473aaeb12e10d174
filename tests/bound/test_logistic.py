"""Guesses come to be right on average, also after what they depend on has changed."""

from math import exp, isfinite
from random import Random

import pytest

from headchef.bound.logistic import Logistic, chance_of, unlearnt


def learnt(model: Logistic, truth: tuple[float, ...], cases: int, seed: int) -> Logistic:
    chance = Random(seed)
    for _ in range(cases):
        features = (1.0, chance.uniform(-2, 2), chance.uniform(-1, 1))
        model = model.learn(features, chance.random() < chance_of(truth, features))
    return model


def test_it_finds_the_weights_that_made_the_cases() -> None:
    model = learnt(unlearnt((0.0, 0.0, 0.0), 20.0), (-1.0, 2.0, 0.5), 4000, 1)
    assert model.weights == pytest.approx((-1.0, 2.0, 0.5), abs=0.2)


def test_it_follows_a_change_after_many_cases() -> None:
    model = learnt(unlearnt((0.0, 0.0, 0.0), 20.0), (-1.0, 2.0, 0.5), 4000, 1)
    model = learnt(unlearnt(model.weights, 20.0), (1.0, -2.0, 0.5), 4000, 2)
    assert model.weights == pytest.approx((1.0, -2.0, 0.5), abs=0.3)


def test_equal_cases_without_end_leave_it_finite() -> None:
    model = unlearnt((9.0, 0.0, 0.0), 20.0)
    for _ in range(20_000):
        # The third is the second: nothing tells their weights apart.
        model = model.learn((1.0, 0.7, 0.7), False)
    assert all(map(isfinite, model.weights))
    assert all(row[number] > 0 for number, row in enumerate(model.covariance))
    assert chance_of(model.weights, (1.0, 0.7, 0.7)) < 0.001


def test_a_chance_is_the_logistic_function_of_the_weighted_sum() -> None:
    assert chance_of((1.0, 2.0), (1.0, 0.5)) == pytest.approx(1 / (1 + exp(-2.0)))
    assert 0 < chance_of((1e9,), (-1.0,)) < chance_of((1e9,), (1.0,)) < 1


def test_a_case_is_one_step_of_newtons() -> None:
    model = unlearnt((0.0,), 20.0).learn((1.0,), True)
    narrowed = 1 / (1 / 20 + 0.25)
    assert model.weights == pytest.approx((0.5 * narrowed,))
    assert model.covariance[0] == pytest.approx((narrowed,))
