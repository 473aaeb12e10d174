"""Runs seeds one after the other until one breaks an invariant: `python -m tests.simulation --seeds 300`."""

import argparse
import gc
import logging
import sys
import time
from collections.abc import Iterable

from tests.simulation.run import Result, run_seed

_COLLECT_EVERY = 20
_PROGRESS_S = 10.0


def main() -> None:
    """Read the command line, run, and exit with 1 if anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many to run")
    parser.add_argument("--first", type=int, default=0, help="the first one")
    parser.add_argument("--seed", type=int, help="run this one alone")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if asked.seed is None:
        sys.exit(1 if run(range(asked.first, asked.first + asked.seeds)) else 0)
    result = run_seed(asked.seed)
    print(f"log {result.digest}, {result.turns} turns, {result.passed_s:.1f} s of virtual time")
    _tell(result)
    sys.exit(1 if result.violations else 0)


def run(seeds: Iterable[int]) -> int:
    """Run seeds, tell of each violation and how to repeat it, and give the number of failing seeds."""
    # Worlds are large and short-lived: they are collected between two of them, without what was there before.
    gc.collect()
    gc.freeze()
    gc.disable()
    began_s = told_s = time.monotonic()
    done = failing = 0
    for seed in seeds:
        result = run_seed(seed)
        done += 1
        failing += bool(result.violations)
        _tell(result)
        if done % _COLLECT_EVERY == 0:
            gc.collect()
        if time.monotonic() - told_s > _PROGRESS_S:
            told_s = time.monotonic()
            print(f"{done} seeds, {failing} failing, {(told_s - began_s) / done:.2f} s a seed", flush=True)
    print(f"{done} seeds, {failing} failing, {(time.monotonic() - began_s) / max(1, done):.2f} s a seed")
    return failing


def _tell(result: Result) -> None:
    if not result.violations:
        return
    print(f"seed {result.seed} violates:")
    for violation in result.violations:
        print(f"  {violation}")
    print(f"  repeat it: python -m tests.simulation --seed {result.seed}", flush=True)


if __name__ == "__main__":
    main()
