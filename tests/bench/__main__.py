"""`make bench`: measures the whole pipeline as processes on a real Kafka, and writes down what came out."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import lookups, report, scenarios
from tests.bench.bound import comparison as bound
from tests.bench.bound import table as bound_table
from tests.bench.bound.picture import draw
from tests.bench.bound.questions import NoData
from tests.bench.caching import comparison as caching
from tests.bench.coalescing.crowd import crowd
from tests.bench.coalescing.duplicates import duplicates
from tests.bench.coalescing.telling import told as coalesced
from tests.bench.fairness import Flood, fairness
from tests.bench.goodput import RUNS, fixed_pause, goodput
from tests.bench.limits import LIMITS
from tests.bench.machine import made_here
from tests.bench.pacing.comparison import compare
from tests.bench.templated import comparison as templated
from tests.bench.workflows import Amounts, workflows
from tests.support.kafka_process import LONG_LIVED
from tests.support.kafka_server import KafkaServer, running_server

_ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run the scenarios of both guarantees, those of lanes, of both classes and of providers' caches, and report."""
    standard = scenarios.Sizes()
    options = argparse.ArgumentParser(prog="make bench ARGS=…", description=main.__doc__)
    options.add_argument("--only", choices=[*_ALONE, *_PARTS], help="a part of it; the others' figures stay")
    options.add_argument("--jobs", type=int, default=standard.jobs, help="cold jobs, and as many exact hits")
    options.add_argument("--executors", type=int, default=standard.executors, help="executor processes")
    options.add_argument("--guarantee", choices=["exactly_once", "at_least_once", "both"], default="both")
    options.add_argument("--no-write", action="store_true", help="leave BENCHMARKS.md as it is")
    chosen = options.parse_args()
    document = None if chosen.no_write else _ROOT / "BENCHMARKS.md"
    for name, compare_alone in _ALONE.items():
        if chosen.only in (None, name):
            try:
                compare_alone(document)
            except NoData as missing:
                # The rest needs no data from elsewhere.
                sys.stderr.write(f"{name}: {missing}\n")
                if chosen.only == name:
                    sys.exit(1)
    if chosen.only in _ALONE:
        return
    with running_server(java_options=LONG_LIVED) as server:
        for name, measure in _PARTS.items():
            if chosen.only in (None, name):
                measure(server, chosen, document)


def _pacing(document: Path | None) -> None:
    figures = compare()
    _report(report.pacing_table(figures), figures)
    if document is not None:
        report.write_pacing(document, figures)


def _templated(document: Path | None) -> None:
    figures = templated.compare()
    _report(templated.table(figures), figures)
    if document is not None:
        report.write_templated(document, templated.table(figures))


def _lookups(document: Path | None) -> None:
    figures = lookups.measure()
    _report(lookups.table(figures), figures)
    if document is not None:
        report.write_lookups(document, lookups.table(figures), made_here())


def _bound(document: Path | None) -> None:
    figures = bound.compare(bound.Seeds())
    _report(bound_table.table(figures), figures)
    if document is not None:
        bound_table.write_bound(document, figures, made_here())
        draw()


def _pipeline(server: KafkaServer, chosen: argparse.Namespace, document: Path | None) -> None:
    sizes = scenarios.Sizes(jobs=chosen.jobs, executors=chosen.executors)
    figures = _scenarios(server, chosen.guarantee, sizes)
    _report(report.table(figures), figures)
    if document is not None:
        report.write_benchmarks(document, figures, made_here())


def _goodput(server: KafkaServer, chosen: argparse.Namespace, document: Path | None) -> None:
    figures: dict[str, float] = {}
    for limit in LIMITS:
        for run in RUNS:
            sys.stderr.write(f"goodput: {limit.name}, {run.name} …\n")
            figures |= goodput(server, limit, run)
        for competitor in (False, True):
            sys.stderr.write(f"goodput: {limit.name}, fixed pause{', competitor' if competitor else ''} …\n")
            figures |= fixed_pause(limit, competitor=competitor)
    _report(report.goodput_table(figures), figures)
    if document is not None:
        report.write_goodput(document, figures, made_here())


def _fairness(server: KafkaServer, chosen: argparse.Namespace, document: Path | None) -> None:
    sys.stderr.write("fairness …\n")
    figures = fairness(server, Flood())
    _report(report.fairness_table(figures), figures)
    if document is not None:
        report.write_fairness(document, figures, made_here())


def _caching(server: KafkaServer, chosen: argparse.Namespace, document: Path | None) -> None:
    figures = caching.compare(server.bootstrap, chosen.executors)
    _report(caching.table(figures), figures)
    if document is not None:
        report.write_caching(document, caching.table(figures), made_here())


def _coalescing(server: KafkaServer, chosen: argparse.Namespace, document: Path | None) -> None:
    sys.stderr.write("coalescing: a crowd …\n")
    figures = crowd(server)
    sys.stderr.write("coalescing: duplicates …\n")
    figures |= duplicates()
    _report(coalesced(figures), figures)
    if document is not None:
        report.write_coalescing(document, coalesced(figures), made_here())


def _workflows(server: KafkaServer, chosen: argparse.Namespace, document: Path | None) -> None:
    sys.stderr.write("workflows …\n")
    figures = workflows(server, Amounts())
    _report(report.workflows_table(figures), figures)
    if document is not None:
        report.write_workflows(document, figures, made_here())


_ALONE: Mapping[str, Callable[[Path | None], None]] = {
    "pacing": _pacing,
    "templated": _templated,
    "lookups": _lookups,
    "bound": _bound,
}
"""What is measured without a cluster, by the name that `--only` takes."""

_PARTS: Mapping[str, Callable[[KafkaServer, argparse.Namespace, Path | None], None]] = {
    "pipeline": _pipeline,
    "goodput": _goodput,
    "fairness": _fairness,
    "caching": _caching,
    "workflows": _workflows,
    "coalescing": _coalescing,
}
"""What is measured on a cluster, by the name that `--only` takes."""


def _scenarios(server: KafkaServer, guarantee: str, sizes: scenarios.Sizes) -> dict[str, float]:
    guarantees = ["exactly_once", "at_least_once"] if guarantee == "both" else [guarantee]
    figures: dict[str, float] = {"executors": sizes.executors, "jobs": sizes.jobs, "cpus": os.cpu_count() or 0}
    for each in guarantees:
        with scenarios.stage(server, each, sizes) as on:
            for measure in (scenarios.cold, scenarios.exact_hits, scenarios.overhead):
                sys.stderr.write(f"{each}: {measure.__name__} …\n")
                figures |= measure(on, sizes)
            if "yardstick.calls_per_s" not in figures:
                figures |= scenarios.yardstick(on, sizes)
    return figures


def _report(table: str, figures: Mapping[str, float]) -> None:
    """Print a table, and put the figures beside those that are there."""
    print(table)
    path = _ROOT / "build" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | dict(figures), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
