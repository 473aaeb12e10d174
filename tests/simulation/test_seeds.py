"""Some new seeds, and all that have found a real defect."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import pytest

from tests.simulation.__main__ import told
from tests.simulation.faults import HIGHEST, NONE, Faults
from tests.simulation.fresh import COUNT, fresh_seeds
from tests.simulation.kinds import AT_LEAST_ONCE, EXACTLY_ONCE, EXPIRING, GROWING, KINDS, Kind
from tests.simulation.mutants import GAPS
from tests.simulation.pool import cores, in_processes
from tests.simulation.run import run_seed


class Found(NamedTuple):
    """The seed that shows a defect, and the faults if they are not those that the seed draws."""

    seed: int
    kind: Kind = EXACTLY_ONCE
    faults: Faults | None = None


FOUND: Mapping[str, Found] = {
    "a birth that the log refused ended the process with an error of no tree": Found(7),
    "a process that had stood still took another owner's birth for a lost place": Found(
        5, faults=replace(NONE, freezes=40.0, slow_requests=0.2)
    ),
    "at least once, state was written together with the outputs": Found(
        9, AT_LEAST_ONCE, replace(NONE, crashes=3 * HIGHEST.crashes, refused_records=0.2)
    ),
    "a leader that had come back without a round did not look for new partitions": Found(10, GROWING),
    "a process that began after its topics had grown saw no growth": Found(6, GROWING),
    "at least once, a former owner set the place of a task back": Found(112, AT_LEAST_ONCE),
    "a former owner took its heir's batch of timers, which led to the same place, for its own": Found(
        847622508, EXPIRING
    ),
    "a process that stood still before its guard's first tick began calls at once": Found(319634153, GROWING),
    "a task whose places had expired, and that got nothing new, left the group without any": Found(183204021, EXPIRING),
    "a coordinator that knew a task's newest batch was believed in what that had not moved": Found(9, faults=GAPS),
    "a place that had passed a record finished before was not written until another came": Found(105164, EXPIRING),
    "a place was not written that passed such a record when what lay below had been written": Found(
        210005743, EXPIRING
    ),
    "a place passed what had expired before its loss was written, and who went on from there named a part of it": Found(
        810000052, EXPIRING
    ),
    "at least once, a lost task's next try to commit was one of the process's new place in the group": Found(
        4160, AT_LEAST_ONCE
    ),
    "at least once, a call that was made again had the event id of the first": Found(6003303, AT_LEAST_ONCE),
}


@pytest.mark.timeout(1500)
def test_new_seeds_hold() -> None:
    results = [result for _, result in in_processes(run_seed, fresh_seeds(), cores())]
    assert len(results) == COUNT
    assert not (failing := [told(result) for result in results if result.violations]), "\n".join(failing)


@pytest.mark.parametrize("defect", FOUND)
def test_a_defect_stays_mended(defect: str) -> None:
    seed, kind, faults = FOUND[defect]
    assert run_seed(seed, kind=kind, faults=faults).violations == []


@pytest.mark.parametrize("kind", KINDS)
def test_all_faults_at_once_are_survived(kind: Kind) -> None:
    assert run_seed(0, kind=kind, faults=HIGHEST).violations == []


def test_a_world_without_faults_pays_for_all_that_it_is_billed() -> None:
    assert run_seed(0, kind=EXACTLY_ONCE, faults=NONE).violations == []
