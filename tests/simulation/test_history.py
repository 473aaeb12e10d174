"""A seed decides everything: the same one gives the same log, byte for byte, also in another process."""

import os
import subprocess
import sys

import pytest

from tests.simulation.run import run_seed

SEEDS = [1, 2, 3]
JOBS = 30


def test_another_seed_gives_another_history() -> None:
    assert len({run_seed(seed, jobs=JOBS, digested=True).digest for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_gives_the_same_history(seed: int) -> None:
    assert run_seed(seed, jobs=JOBS, digested=True) == run_seed(seed, jobs=JOBS, digested=True)


def test_the_history_is_the_same_in_processes_with_other_hashes() -> None:
    told = {_told_with(hash_seed) for hash_seed in ("0", "1")}
    assert len(told) == 1
    assert run_seed(SEEDS[0], digested=True).digest in told.pop()


def _told_with(hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", "--seed", str(SEEDS[0])]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return next(line for line in run.stdout.splitlines() if line.startswith("log "))
