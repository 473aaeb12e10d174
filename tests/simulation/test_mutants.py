"""The harness can fail: code that breaks a promise is caught within the stated number of seeds."""

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.run import run_seed


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS[name]
    mutant.mutate(monkeypatch)
    caught = any(run_seed(seed, faults=mutant.faults).violations for seed in range(mutant.within))
    assert caught, f"not caught in {mutant.within} seeds: {name}"
