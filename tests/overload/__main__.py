"""`make overload`: many jobs at once, on a real Kafka; writes build/overload.json and the table in BENCHMARKS.md."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.machine import made_here
from tests.overload.flood import Flood, Outcome, run
from tests.overload.report import table, write_benchmarks
from tests.overload.verdict import faults, growth
from tests.support.kafka_process import LONG_LIVED
from tests.support.kafka_server import running_server

_ROOT = Path(__file__).resolve().parents[2]
_CALM = Flood(jobs=1_000, per_second=20.0)


def main() -> None:
    """Let in a trickle, two floods of a tenth with and without a slow reader, and the whole flood."""
    options = argparse.ArgumentParser(prog="make overload ARGS=…", description=main.__doc__)
    options.add_argument(
        "--jobs",
        type=int,
        default=200_000,
        help="of the whole flood; with less than 200,000 a tenth does not fill the buffers, and seems to need less",
    )
    options.add_argument("--no-write", action="store_true", help="leave BENCHMARKS.md as it is")
    chosen = options.parse_args()
    tenth = chosen.jobs // 10
    floods = [_CALM, Flood(tenth), Flood(tenth, slow_reader=True), Flood(chosen.jobs, slow_reader=True)]
    outcomes: list[tuple[Flood, Outcome]] = []
    with running_server(java_options=LONG_LIVED) as server:
        for flood in floods:
            sys.stderr.write(f"{flood} …\n")
            with tempfile.TemporaryDirectory() as folder:
                outcomes.append((flood, run(server.bootstrap, Path(folder), flood)))
            print(table(outcomes[-1:]))
    _, alone, accompanied, whole = outcomes
    wrong = [fault for _, outcome in outcomes[1:] for fault in faults(outcome)]
    wrong += [*growth(alone, whole), *growth(alone, accompanied)]
    _write(outcomes, wrong, to_document=not chosen.no_write)
    print(table(outcomes))
    if wrong:
        sys.exit("\n".join(wrong))


def _write(outcomes: Sequence[tuple[Flood, Outcome]], wrong: Sequence[str], *, to_document: bool) -> None:
    build = _ROOT / "build"
    build.mkdir(exist_ok=True)
    runs = [{"flood": str(flood), **outcome.as_json()} for flood, outcome in outcomes]
    (build / "overload.json").write_text(json.dumps({"runs": runs, "wrong": list(wrong)}, indent=1) + "\n")
    if to_document:
        write_benchmarks(_ROOT / "BENCHMARKS.md", outcomes, made_here())


if __name__ == "__main__":
    main()
