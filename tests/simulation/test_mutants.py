"""The harness can fail: code that breaks a promise is caught within the stated number of seeds."""

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.run import run_seed


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate, within = MUTANTS[name]
    mutate(monkeypatch)
    assert any(run_seed(seed).violations for seed in range(within)), f"not caught in {within} seeds: {name}"
