"""Two batches are held against each other, job by job."""

from collections.abc import Mapping
from typing import Any

import pytest
from typer.testing import CliRunner

from headchef_contracts.events.common import Finding
from headchef_contracts.events.jobs import JobFinished

from headchef.cli.__main__ import app
from headchef.cli.batches.comparing import read_batches
from headchef.cli.batches.comparison import compared, newest
from headchef.cli.screen import Screen
from tests.cli.builders import make_finished
from tests.cli.clusters import NAMESPACE, make_log, put_event


def result(job_id: str, output: Any, batch: str = "b", run: int = 0, revision: int = 0, **fields: Any) -> JobFinished:
    event = make_finished(job_id, output, **fields)
    head = event.job.model_copy(update={"batch_id": batch, "run": run, "revision": revision})
    return event.model_copy(update={"job": head})


def by_id(*results: JobFinished) -> Mapping[str, JobFinished]:
    return newest(results)


def test_jobs_are_paired_by_their_ids() -> None:
    found = compared(by_id(result("a", "x"), result("b", "y")), by_id(result("c", "z"), result("b", "y")))
    assert [pair.job_id for pair in found.pairs] == ["b"]
    assert (found.only_before, found.only_after) == (("a",), ("c",))
    assert found.unequal == ()


@pytest.mark.parametrize(
    ("fields", "equal"),
    [
        ({}, True),
        ({"latency_s": 9.0, "cost_usd": None, "run": 3, "batch": "c"}, True),
        ({"status": "needs_review"}, False),
        ({"findings": (Finding(check="chars", path="", message="too long"),)}, False),
    ],
)
def test_what_a_job_came_to_is_compared_and_not_what_it_took(fields: dict[str, Any], equal: bool) -> None:
    found = compared(by_id(result("a", "x")), by_id(result("a", "x", **fields)))
    assert found.pairs[0].is_equal is equal


def test_a_difference_is_told_line_by_line() -> None:
    found = compared(by_id(result("a", "one\ntwo\n")), by_id(result("a", "one\n2\n")))
    assert found.pairs[0].difference(("v1", "v2")).splitlines() == [
        "--- v1",
        "+++ v2",
        "@@ -2,4 +2,4 @@",
        " output: |",
        "   one",
        "-  two",
        "+  2",
        " status: ok",
    ]


def test_a_job_counts_by_its_newest_result() -> None:
    found = newest(
        [result("a", "r1", run=1), result("a", "r0"), result("a", "v1", revision=1), result("a", "r9", run=9)]
    )
    assert found["a"].job.revision == 1


def test_two_batches_are_wanted() -> None:
    typed = CliRunner().invoke(app, ["batch", "compare", "v1", "v1"], prog_name="headchef")
    assert (typed.exit_code, "v1 is named twice" in typed.stderr) == (2, True)


async def test_results_of_both_batches_are_read_and_no_others() -> None:
    log = make_log()
    written = (
        result("a", "1", "v1"),
        result("a", "2", "v2", run=1),
        result("b", "1", "v1"),
        result("c", "1", "other"),
    )
    for each in written:
        await put_event(log, "jobs.finished", each, each.job.job_id.encode())
    other = result("d", "1", "v1")
    foreign = other.model_copy(update={"job": other.job.model_copy(update={"tenant": "acme"})})
    await put_event(log, "jobs.finished", foreign, b"d")
    with Screen(as_json=True).progress("test") as meter:
        before, after = await read_batches(log, NAMESPACE, ("v1", "v2"), "default", meter)
    assert (sorted(before), sorted(after)) == (["a", "b"], ["a"])
