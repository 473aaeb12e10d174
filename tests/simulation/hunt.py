"""`make mutants`: breaks one promise after the other, and tells in how many seeds the simulation has noticed."""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.pool import cores, in_processes
from tests.simulation.run import run_seed
from tests.support.marked_page import replace_between

_README = Path(__file__).with_name("README.md")
_ROW = re.compile(r"^\| (?P<name>[^|]+) \| (?P<seeds>\d+) \|", re.MULTILINE)
_MISFITS = ("ended with TypeError(", "ended with AttributeError(")
_MARKS = ("<!-- mutants: begin -->", "<!-- mutants: end -->")


@dataclass(frozen=True, slots=True)
class Catch:
    """How a mutant was noticed.

    Attributes:
        seed: that noticed.
        invariant: the first that was violated, in words.
    """

    seed: int
    invariant: str


def hunted(name: str, first: int = 0) -> Catch | None:
    """Run seeds against one mutant until it is noticed; None if none of those within its bound has.

    Args:
        name: of the mutant.
        first: the seed to begin with; then come the others, from 0 on.

    Raises:
        RuntimeError: the mutant calls, or is called by, what is no longer so.
    """
    mutant = MUTANTS[name]
    with pytest.MonkeyPatch.context() as patch:
        mutant.mutate(patch)
        for seed in sorted(range(mutant.within), key=lambda seed: seed != first):
            violations = run_seed(seed, kind=mutant.kind, faults=mutant.faults).violations
            if misfits := [each for each in violations if any(error in each for error in _MISFITS)]:
                raise RuntimeError(f"{name} does not fit the code that it breaks, which proves nothing: {misfits[0]}")
            if violations:
                return Catch(seed, violations[0].partition(":")[0])
    return None


def noticed_before() -> Mapping[str, int]:
    """Give by mutant the seed that noticed it when the table was written; since then another one may."""
    return {row["name"]: int(row["seeds"]) - 1 for row in _ROW.finditer(_README.read_text("utf-8"))}


def table(catches: Mapping[str, Catch | None]) -> str:
    """Write what was noticed as a Markdown table."""
    lines = ["| mutant | noticed in seeds | of at most | by |", "|---|---|---|---|"]
    for name, catch in catches.items():
        found = "not noticed | {} | |" if catch is None else f"{catch.seed + 1} | {{}} | {catch.invariant} |"
        lines.append(f"| {name} | {found.format(MUTANTS[name].within)}")
    return "\n".join(lines) + "\n"


def main(arguments: Iterable[str]) -> None:
    """Hunt all, print the table, and with `--write` put it into the README; exit with 1 if one got away."""
    found = dict(in_processes(hunted, tuple(MUTANTS), cores()))
    catches = {name: found[name] for name in MUTANTS}
    print(table(catches), end="")
    if "--write" in arguments:
        replace_between(_README, _MARKS, table(catches))
    sys.exit(0 if all(catches.values()) else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
