"""A small flood with a slow reader, as often as the other tests run; `make overload` lets in the large one."""

from pathlib import Path

import pytest

from tests.overload.flood import Flood, Outcome, run
from tests.overload.report import MARKS, table, write_benchmarks
from tests.overload.verdict import faults, growth

JOBS = 5_000


@pytest.mark.timeout(400)
def test_a_flood_is_answered_within_bounded_memory_and_waits_in_the_log(kafka: str, tmp_path: Path) -> None:
    assert list(faults(run(kafka, tmp_path, Flood(JOBS, slow_reader=True)))) == []


def outcome(
    jobs: int = 10, *, missing: int = 0, repeated: int = 0, calls: int = 10, in_flight_s: float = 0.1, mb: float = 100
) -> Outcome:
    results = {"ok": jobs - missing + repeated}
    return Outcome(jobs, 2.0, results, missing, repeated, calls, in_flight_s, 2 * in_flight_s, 5.0, {"router-0": mb})


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (outcome(missing=1), "1 missing"),
        (outcome(repeated=1), "1 repeated"),
        (outcome(calls=11), "11 calls"),
        (outcome(mb=401), "router-0 had 401 MB"),
        (outcome(in_flight_s=3), "waited in processes for 3.0 s"),
    ],
)
def test_each_broken_promise_is_noticed(bad: Outcome, word: str) -> None:
    assert list(faults(outcome())) == []
    [found] = faults(bad)
    assert word in found


def test_what_grows_with_the_backlog_is_noticed() -> None:
    small = (Flood(10), outcome())
    assert list(growth(small, (Flood(100), outcome(mb=140)))) == []
    assert list(growth(small, (Flood(200_010), outcome(200_010, calls=200_010, mb=300)))) == []
    [memory] = growth(small, (Flood(100), outcome(mb=160)))
    assert "from 100 to 160 MB" in memory
    [latency] = growth(small, (Flood(100), outcome(in_flight_s=0.2)))
    assert "from 0.20 to 0.40 s" in latency


def test_the_table_stands_between_its_marks(tmp_path: Path) -> None:
    document = tmp_path / "figures.md"
    document.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n")
    outcomes = [(Flood(10), outcome()), (Flood(10, 20.0, slow_reader=True), outcome())]
    write_benchmarks(document, outcomes, "today")
    assert document.read_text() == f"before\n{MARKS[0]}\ntoday.\n\n{table(outcomes)}\n{MARKS[1]}\nafter\n"
