"""The harness can fail: code that breaks a promise is noticed within the stated number of seeds."""

import pytest

from tests.simulation.hunt import hunted
from tests.simulation.mutants import MUTANTS


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str) -> None:
    assert hunted(name) is not None, f"not noticed in {MUTANTS[name].within} seeds: {name}"
