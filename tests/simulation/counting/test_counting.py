"""Batches under faults: new seeds hold, and broken counting is noticed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import pytest

from tests.simulation.broken import Mutate
from tests.simulation.counting import broken
from tests.simulation.counting.run import run_counting
from tests.simulation.faults import HIGHEST, NONE, Faults
from tests.simulation.fresh import fresh_seeds
from tests.simulation.kinds import AT_LEAST_ONCE, EXACTLY_ONCE, GROWING, Kind

SEEDS = 60


class Mutant(NamedTuple):
    """One way to break a promise, and in how many seeds of which worlds it must be noticed."""

    mutate: Mutate
    within: int
    kind: Kind = EXACTLY_ONCE
    faults: Faults = NONE


_SLOW = replace(NONE, slow_requests=HIGHEST.slow_requests)
_CRASHES = replace(NONE, crashes=5 * HIGHEST.crashes)

MUTANTS: Mapping[str, Mutant] = {
    "jobs are not remembered": Mutant(broken.jobs_not_remembered, 5),
    "the first result of a job stands": Mutant(broken.first_result_stands, 5),
    "an account is kept where its topic has room": Mutant(broken.homes_as_many_as_partitions, 10, GROWING),
    "a batch is paused by its share alone": Mutant(broken.paused_by_the_share_alone, 20),
    "no batch is paused": Mutant(broken.never_paused, 20),
    # Noticed where the broadcast is slower than the next results: else it tells of the pause before they come.
    "a batch is paused again and again": Mutant(broken.a_pause_forgotten, 20, faults=_SLOW),
    "nobody hears that a batch was resumed": Mutant(broken.no_resume_heard, 20),
    "what paused a batch pauses it again": Mutant(broken.old_evidence_kept_after_a_resume, 20),
    "what ended before a resume is evidence after it": Mutant(broken.what_ended_before_a_resume_counted, 40),
    "at least once, what a job was counted for is believed": Mutant(
        broken.what_was_counted_for_taken_for_known, 40, AT_LEAST_ONCE, _CRASHES
    ),
    "at least once, accounts are written before their jobs": Mutant(
        broken.stores_in_the_other_order, 40, AT_LEAST_ONCE, _CRASHES
    ),
}


def test_new_seeds_hold() -> None:
    assert {seed: found for seed in fresh_seeds()[:SEEDS] if (found := run_counting(seed))} == {}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS[name]
    mutant.mutate(monkeypatch)
    for seed in range(mutant.within):
        if found := run_counting(seed, kind=mutant.kind, faults=mutant.faults):
            assert not [each for each in found if "TypeError" in each or "AttributeError" in each], found[0]
            return
    pytest.fail(f"not noticed in {mutant.within} seeds: {name}")
