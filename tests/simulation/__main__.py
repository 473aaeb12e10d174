"""Runs seeds on all cores and tells which break an invariant: `python -m tests.simulation --seeds 300`."""

import argparse
import logging
import sys
import time

from tests.simulation.pool import WorkerDied, cores, in_processes
from tests.simulation.run import Result, run_seed

_PROGRESS_S = 10.0
_VIOLATED, _DIED, _INTERRUPTED = 1, 2, 130


def main() -> None:
    """Read the command line, run, and exit with 1 if anything was violated, 2 if a process died, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many to run")
    parser.add_argument("--first", type=int, default=0, help="the first one")
    parser.add_argument("--processes", type=int, default=cores(), help="how many run at once; by default one a core")
    parser.add_argument("--seed", type=int, help="run this one alone")
    asked = parser.parse_args()
    if asked.seed is not None:
        sys.exit(_alone(asked.seed))
    try:
        failing = run(range(asked.first, asked.first + asked.seeds), max(1, asked.processes))
    except WorkerDied as error:
        print(error, file=sys.stderr)
        sys.exit(_DIED)
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(_INTERRUPTED)
    sys.exit(_VIOLATED if failing else 0)


def run(seeds: range, processes: int) -> int:
    """Run seeds, tell of each violation as it comes and how to repeat it, and give the number of failing seeds."""
    began_s = time.monotonic()
    told_s = began_s - _PROGRESS_S
    done = failing = 0
    for _, result in in_processes(run_seed, seeds, processes):
        done += 1
        failing += bool(result.violations)
        if result.violations:
            print(told(result), flush=True)
        if time.monotonic() - told_s > _PROGRESS_S:
            told_s = time.monotonic()
            print(_progress(done, len(seeds), failing, told_s - began_s), flush=True)
    print(_progress(done, len(seeds), failing, time.monotonic() - began_s), flush=True)
    return failing


def told(result: Result) -> str:
    """Write down what a seed violates, and the command that repeats it."""
    violations = "".join(f"  {violation}\n" for violation in result.violations)
    return f"seed {result.seed} violates:\n{violations}  repeat it: python -m tests.simulation --seed {result.seed}"


def _alone(seed: int) -> int:
    logging.disable(logging.CRITICAL)
    result = run_seed(seed, digested=True)
    print(f"log {result.digest}, {result.turns} turns, {result.passed_s:.1f} s of virtual time")
    if result.violations:
        print(told(result))
    return _VIOLATED if result.violations else 0


def _progress(done: int, of: int, failing: int, passed_s: float) -> str:
    return f"{done} of {of} seeds, {failing} failing, {passed_s:.0f} s, {passed_s / max(1, done):.3f} s a seed"


if __name__ == "__main__":
    main()
