"""`make bench`: measures the whole pipeline as processes on a real Kafka, and writes down what came out."""

import argparse
import json
import os
import sys
from pathlib import Path

from tests.bench import scenarios
from tests.bench.machine import made_here
from tests.bench.report import table, write_benchmarks
from tests.support.kafka_process import LONG_LIVED
from tests.support.kafka_server import running_server

_ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run the scenarios of both guarantees, and report."""
    standard = scenarios.Sizes()
    options = argparse.ArgumentParser(prog="make bench ARGS=…", description=main.__doc__)
    options.add_argument("--jobs", type=int, default=standard.jobs, help="cold jobs, and as many exact hits")
    options.add_argument("--executors", type=int, default=standard.executors, help="executor processes")
    options.add_argument("--guarantee", choices=["exactly_once", "at_least_once", "both"], default="both")
    options.add_argument("--no-write", action="store_true", help="leave BENCHMARKS.md as it is")
    chosen = options.parse_args()
    sizes = scenarios.Sizes(jobs=chosen.jobs, executors=chosen.executors)
    guarantees = ["exactly_once", "at_least_once"] if chosen.guarantee == "both" else [chosen.guarantee]
    figures: dict[str, float] = {"executors": sizes.executors, "jobs": sizes.jobs, "cpus": os.cpu_count() or 0}
    with running_server(java_options=LONG_LIVED) as server:
        for guarantee in guarantees:
            with scenarios.stage(server, guarantee, sizes) as on:
                for measure in (scenarios.cold, scenarios.exact_hits, scenarios.overhead):
                    sys.stderr.write(f"{guarantee}: {measure.__name__} …\n")
                    figures |= measure(on, sizes)
                if "yardstick.calls_per_s" not in figures:
                    figures |= scenarios.yardstick(on, sizes)
    build = _ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / "bench.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    print(table(figures))
    if not chosen.no_write:
        write_benchmarks(_ROOT / "BENCHMARKS.md", figures, made_here())


if __name__ == "__main__":
    main()
