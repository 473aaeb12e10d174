"""Some new seeds, and all that have found a real defect."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.simulation.__main__ import told
from tests.simulation.faults import HIGHEST, NONE, Faults
from tests.simulation.fresh import COUNT, fresh_seeds
from tests.simulation.pool import cores, in_processes
from tests.simulation.run import run_seed

FOUND: Mapping[str, tuple[int, Faults | None]] = {
    "a birth that the log refused ended the process with an error of no tree": (14, None),
    "a process that had stood still took another owner's birth for a lost place": (
        5,
        replace(NONE, freezes=40.0, slow_requests=0.2),
    ),
}
"""Defects, each with the seed that shows it, and the faults if they are not those that the seed draws."""


@pytest.mark.timeout(600)
def test_new_seeds_hold() -> None:
    results = [result for _, result in in_processes(run_seed, fresh_seeds(), cores())]
    assert len(results) == COUNT
    assert not (failing := [told(result) for result in results if result.violations]), "\n".join(failing)


@pytest.mark.parametrize("defect", FOUND)
def test_a_defect_stays_mended(defect: str) -> None:
    seed, faults = FOUND[defect]
    assert run_seed(seed, faults=faults).violations == []


@pytest.mark.parametrize("seed", range(2))
def test_all_faults_at_once_are_survived(seed: int) -> None:
    assert run_seed(seed, faults=HIGHEST).violations == []


def test_a_world_without_faults_pays_for_all_that_it_is_billed() -> None:
    assert run_seed(0, faults=NONE).violations == []
