"""The harness can fail: code that breaks a promise is noticed within the stated number of seeds."""

import pytest

from tests.simulation.hunt import hunted, noticed_before
from tests.simulation.mutants import MUTANTS

NOTICED = noticed_before()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str) -> None:
    # The seed of the README's table first: it mostly is the only one that has to be run.
    assert hunted(name, NOTICED.get(name, 0)) is not None, f"not noticed in {MUTANTS[name].within} seeds: {name}"
