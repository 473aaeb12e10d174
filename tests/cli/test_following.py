"""Following results: from any place, filtered, with the place to go on from; and the files they are written to."""

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import pytest

from headchef_contracts import registry
from headchef_contracts.events.common import Finding

from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.following.feed import Beginning, Identity, Outcome, open_feed
from headchef.cli.following.place import read, written
from headchef.cli.following.running import Following, Wish
from headchef.cli.following.waiting import wait_for
from headchef.cli.following.writing import cell, output_for
from headchef.cli.screen import Screen
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import MemoryLog
from tests.cli.builders import make_finished, make_refused
from tests.cli.clusters import NAMESPACE, make_log, put, put_event
from tests.support.builders import make_tried
from tests.support.eventually import PATIENCE_S


@pytest.fixture
def log() -> MemoryLog:
    return make_log()


def outcome(event: Any) -> Outcome:
    return Outcome(event, registry.encode(event))


async def finish(log: MemoryLog, *job_ids: str) -> None:
    for job_id in job_ids:
        await put_event(log, "jobs.finished", make_finished(job_id, {"title": job_id}), job_id.encode())


def job(job_id: str, *, run: int = 0, tenant: str = "default") -> Identity:
    return Identity(tenant, job_id, run, 0)


async def seen(log: MemoryLog, beginning: Beginning) -> tuple[set[str | None], str]:
    feed = await open_feed(log, NAMESPACE, beginning)
    found = set()
    while feed.left:
        found |= {each.job_id for each in await feed.next(0.01)}
    return found, written(feed.place)


async def test_a_reading_goes_on_where_the_last_one_stopped(log: MemoryLog) -> None:
    await finish(log, "a", "b")
    await put_event(log, "jobs.refused", make_refused("r"), b"r")
    first, place = await seen(log, "start")
    await finish(log, "c")
    second, _ = await seen(log, read(place))
    assert first == {"a", "b", "r"}
    assert second == {"c"}
    assert (await seen(log, "now"))[0] == set()


async def test_results_that_are_not_ours_end_the_reading_with_their_place(log: MemoryLog) -> None:
    await put(log, "jobs.finished", b"{}", b"a", 2)
    with pytest.raises(WorkFailed, match=r"jobs\.finished\.v1\[2\]@0"):
        await seen(log, "start")


async def test_waiting_ends_when_all_are_there(log: MemoryLog) -> None:
    await finish(log, "a", "b", "c")
    feed = await open_feed(log, NAMESPACE, "start")
    found = await wait_for(feed, {job("a"), job("c")}, stop=asyncio.Event(), timeout_s=PATIENCE_S)
    assert set(found) == {"a", "c"}


async def test_the_result_of_an_earlier_run_or_of_another_tenant_is_not_waited_for(log: MemoryLog) -> None:
    await finish(log, "a")
    feed, stop = await open_feed(log, NAMESPACE, "start"), asyncio.Event()
    assert await wait_for(feed, {job("a", run=1), job("a", tenant="other")}, stop=stop, timeout_s=0.5) == {}
    again = make_finished("a", {})
    again = again.model_copy(update={"job": again.job.model_copy(update={"run": 1})})
    await put_event(log, "jobs.finished", again, b"a")
    found = await wait_for(feed, {job("a", run=1)}, stop=stop, timeout_s=PATIENCE_S)
    assert found["a"].event == again


async def test_a_refusal_that_does_not_tell_its_run_is_taken_for_that_of_the_job(log: MemoryLog) -> None:
    await put_event(log, "jobs.refused", make_refused("a"), b"a")
    feed = await open_feed(log, NAMESPACE, "start")
    assert set(await wait_for(feed, {job("a", run=1)}, stop=asyncio.Event(), timeout_s=PATIENCE_S)) == {"a"}


async def test_waiting_ends_when_told_to(log: MemoryLog) -> None:
    feed, stop = await open_feed(log, NAMESPACE, "start"), asyncio.Event()
    stop.set()
    assert await wait_for(feed, {job("a")}, stop=stop, timeout_s=PATIENCE_S) == {}


@pytest.mark.parametrize("text", ["", "finished", "finished:", "finished:a=1", "other:0=1", "finished:0=1;x"])
def test_a_text_that_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="--from"):
        read(text)


def test_a_place_survives_being_written() -> None:
    place = {("jobs.finished", 0): 12, ("jobs.finished", 3): 7, ("jobs.refused", 0): 0}
    assert read(written(place)) == place


def wish(**changed: Any) -> Wish:
    options: dict[str, Any] = {
        "job_id": None, "batch_id": None, "tenant": None, "follow": False, "until": None, "wait": False,
        "timeout_s": None, "beginning": "start", "output": None, "patience_s": 1, "as_json": True,
    }  # fmt: skip
    return Wish(**(options | changed))


async def follow(log: MemoryLog, wanted: Wish, capsys: pytest.CaptureFixture[str]) -> list[str]:
    screen = Screen(as_json=True)
    following, feed = Following(wanted, screen, None, SystemClock()), await open_feed(log, NAMESPACE, "start")
    with screen.progress("test") as meter:
        await following.run(feed, asyncio.Event(), meter)
    following.conclude(feed)
    return [json.loads(line)["job"]["job_id"] for line in capsys.readouterr().out.splitlines()]


async def test_results_are_filtered_and_counted(log: MemoryLog, capsys: pytest.CaptureFixture[str]) -> None:
    await finish(log, "a", "b", "c")
    assert sorted(await follow(log, wish(), capsys)) == ["a", "b", "c"]
    assert await follow(log, wish(job_id="b"), capsys) == ["b"]
    assert len(await follow(log, wish(until=2), capsys)) == 2
    assert await follow(log, wish(tenant="other"), capsys) == []


async def test_a_job_without_a_result_is_a_failure(log: MemoryLog, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WorkFailed, match="no result yet"):
        await follow(log, wish(job_id="x"), capsys)


async def test_too_few_results_in_time_are_a_failure(log: MemoryLog, capsys: pytest.CaptureFixture[str]) -> None:
    await finish(log, "a")
    with pytest.raises(WorkFailed, match="1 of 2 results came in time"):
        await follow(log, wish(until=2, timeout_s=0), capsys)


def test_csv_has_a_column_for_each_field_of_the_outputs(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with output_for(path) as write:
        write(outcome(make_finished("a", {"title": "=1+1", "bullets": ["x", "y"]})))
        write(
            outcome(
                make_finished(
                    "b",
                    {"other": {"n": 1}},
                    status="rejected",
                    findings=(Finding(check="schema", path="/t", message="no"),),
                )
            )
        )
        write(outcome(make_finished("c", "plain", tried=(make_tried("small", "refusal"), make_tried("quick")))))
        write(outcome(make_refused("d")))
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines(keepends=True)))
    assert [row["job_id"] for row in rows] == ["a", "b", "c", "d"]
    assert rows[0]["output.title"] == "'=1+1"
    assert rows[0]["output.bullets"] == "x\ny"
    assert rows[1]["output.other"] == '{"n":1}'
    assert rows[1]["problem"] == "/t: no"
    assert rows[2]["output"] == "plain"
    assert [row["tried"] for row in rows] == ["", "", "small (refusal), quick (timeout)", ""]
    assert rows[3]["problem"] == "unknown_model: model: the catalogue has no model x"
    assert list(tmp_path.iterdir()) == [path]


def test_jsonl_has_the_events_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with output_for(path) as write:
        write(outcome(make_finished("a", "x")))
    assert [json.loads(line)["job"]["job_id"] for line in path.read_text().splitlines()] == ["a"]


@pytest.mark.parametrize(("name", "part"), [("out.xml", "must end in"), ("no/out.csv", "no folder")])
def test_an_output_that_cannot_be_is_refused(tmp_path: Path, name: str, part: str) -> None:
    with pytest.raises(WrongUsage, match=part):
        output_for(tmp_path / name)


@pytest.mark.parametrize(
    ("value", "shown"), [("-5", "'-5"), (-5, "-5"), (None, ""), ("a", "a"), (["=x"], "'=x"), ([1], "[1]")]
)
def test_no_text_becomes_a_formula(value: object, shown: str) -> None:
    assert cell(value) == shown
