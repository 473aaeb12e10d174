"""Makes the log in memory lie in one way after the other, and says how soon the comparison with Kafka noticed.

`python -m tests.log.differential.hunt [words of a mutant]` prints the table of `README.md`; `--write` renews it.
"""

import asyncio
import logging
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.log.differential.machine import EXAMPLES, STEPS, LogMachine
from tests.log.differential.mutants import MUTANTS
from tests.support.kafka_backend import KafkaBackend
from tests.support.kafka_server import bootstrap_address
from tests.support.marked_page import replace_between

_README = Path(__file__).with_name("README.md")
_MARKS = ("<!-- mutants: begin -->", "<!-- mutants: end -->")


class _Counted(LogMachine):
    sequences = 0
    noticed: int | None = None

    def __init__(self) -> None:
        super().__init__()
        _Counted.sequences += 1

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            if not self.agreed and _Counted.noticed is None:
                _Counted.noticed = _Counted.sequences


def hunted(name: str) -> int | None:
    """Run sequences against one mutant, as many as a test run has; give the number of the first that noticed."""
    _Counted.sequences, _Counted.noticed = 0, None
    with pytest.MonkeyPatch.context() as patch, suppress(Exception):
        MUTANTS[name](patch)
        run_state_machine_as_test(
            _Counted,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                report_multiple_bugs=False,
                verbosity=Verbosity.quiet,
                suppress_health_check=list(HealthCheck),
            ),
        )
    return _Counted.noticed


def table(noticed: Mapping[str, int | None]) -> str:
    """Write what was noticed as a Markdown table."""
    lines = ["| the log in memory lies: | noticed in sequence |", "|---|---|"]
    lines += [f"| {name} | {number or 'not noticed'} |" for name, number in noticed.items()]
    return "\n".join(lines) + "\n"


def main(arguments: Iterable[str]) -> None:
    """Hunt all, or those whose name has these words; exit with 1 if one got away."""
    logging.disable(logging.CRITICAL)
    words = " ".join(each for each in arguments if not each.startswith("--"))
    with bootstrap_address() as address:
        loop, backend = asyncio.new_event_loop(), KafkaBackend(address)
        LogMachine.loop, LogMachine.backend = loop, backend
        noticed = {}
        for name in (each for each in MUTANTS if words in each):
            began_s = monotonic()
            noticed[name] = hunted(name)
            print(f"{name}: {noticed[name]}, after {monotonic() - began_s:.0f} s", file=sys.stderr, flush=True)
        loop.run_until_complete(backend.close())
    print(table(noticed), end="")
    if "--write" in arguments:
        replace_between(_README, _MARKS, table(noticed))
    sys.exit(0 if all(noticed.values()) else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
