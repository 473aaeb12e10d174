"""Outputs that lie in a store are read where the environment names it, and shown by name where it does not."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from headchef_contracts.events.common import Inline, Ref
from headchef_contracts.events.jobs import JobFinished

from headchef.bodies.form import written
from headchef.bodies.objects import open_objects
from headchef.cli.__main__ import app
from headchef.cli.bodies import bodies_here
from headchef.cli.faults import WrongUsage
from headchef.cli.following.feed import Outcome, identity_of, open_feed
from headchef.cli.following.waiting import wait_for
from headchef.cli.following.writing import output_for
from headchef.cli.history.explanation import answer, as_json
from headchef.cli.history.gather import gather
from headchef.cli.history.values import with_values_in
from headchef.cli.reviewing.documents import with_document
from headchef.runtime.settings import BadSettings
from tests.cli.builders import make_finished
from tests.cli.clusters import NAMESPACE, make_log, put_event
from tests.support.builders import make_review
from tests.support.eventually import PATIENCE_S

OUTPUT = {"title": "Long", "text": "x" * 1_000}


@pytest.fixture
async def result(tmp_path: Path) -> JobFinished:
    """A result whose output lies in a folder."""
    reference, data = written(OUTPUT)
    await open_objects(tmp_path.as_uri(), PATIENCE_S).put("default", reference, data)
    return make_finished("j1", {}).model_copy(update={"output": Ref(ref=reference)})


async def waited_for(result: JobFinished) -> Outcome:
    log = make_log()
    await put_event(log, "jobs.finished", result, b"j1")
    feed = await open_feed(log, NAMESPACE, "start")
    found = await wait_for(feed, {identity_of(result.job)}, stop=asyncio.Event(), timeout_s=PATIENCE_S)
    return found["j1"]


async def test_a_result_is_shown_and_written_with_its_output(
    result: JobFinished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADCHEF_BODIES", tmp_path.as_uri())
    outcome = await waited_for(result)
    assert outcome.event == result.model_copy(update={"output": Inline(inline=OUTPUT)})
    with output_for(tmp_path / "out.jsonl") as write:
        write(outcome)
    assert orjson.loads((tmp_path / "out.jsonl").read_bytes())["output"] == {"inline": OUTPUT}


async def test_without_a_store_it_is_named(result: JobFinished, tmp_path: Path) -> None:
    outcome = await waited_for(result)
    assert outcome.event == result
    with output_for(tmp_path / "out.csv") as write:
        write(outcome)
    assert written(OUTPUT)[0].sha256 in (tmp_path / "out.csv").read_text("utf-8-sig")


async def test_what_is_gone_is_named_and_told_of(
    result: JobFinished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HEADCHEF_BODIES", (tmp_path / "elsewhere").as_uri())
    assert (await waited_for(result)).event == result
    assert "is not in the object store" in caplog.text


async def test_a_history_has_its_bodies_in_it(
    result: JobFinished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = make_log()
    await put_event(log, "jobs.finished", result, b"j1")
    found = await gather(log, namespace=NAMESPACE, job_id="j1", max_records=100, progress=lambda *_: None)
    assert written(OUTPUT)[0].sha256 in str(answer(found))
    monkeypatch.setenv("HEADCHEF_BODIES", tmp_path.as_uri())
    history = await with_values_in(found, bodies_here())
    assert answer(history) == OUTPUT
    assert as_json("j1", history)["events"][-1]["event"]["output"] == {"inline": OUTPUT}


def test_what_is_no_store_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_BODIES", "nowhere")
    with pytest.raises(BadSettings, match="HEADCHEF_BODIES"):
        bodies_here()
    monkeypatch.setenv("HEADCHEF_BODIES", "")
    assert bodies_here() is None


def put(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["body", "put", *arguments])


@pytest.mark.parametrize(
    ("name", "content", "value", "media_type"),
    [
        ("brief.json", b'{ "a": [1] }', {"a": [1]}, "application/json"),
        ("prompt.j2", "Über {{ input.a }}\n".encode(), "Über {{ input.a }}\n", "text/plain"),
    ],
)
async def test_a_file_is_laid_down_for_a_job_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, value: Any, media_type: str
) -> None:
    monkeypatch.setenv("HEADCHEF_BODIES", (tmp_path / "bodies").as_uri())
    (tmp_path / name).write_bytes(content)
    done = await asyncio.to_thread(put, str(tmp_path / name), "--tenant", "acme")
    assert done.exit_code == 0, done.output
    body = Ref.model_validate_json(done.stdout)
    assert body.ref.media_type == media_type
    bodies = bodies_here()
    assert bodies is not None
    assert await bodies.get("acme", body.ref) == value


def test_what_cannot_be_laid_down_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.json"
    file.write_text("{}")
    unset = put(str(file))
    assert (unset.exit_code, "HEADCHEF_BODIES is not set" in unset.output) == (2, True)
    monkeypatch.setenv("HEADCHEF_BODIES", (tmp_path / "bodies").as_uri())
    file.write_text('{"a": }')
    broken = put(str(file))
    assert (broken.exit_code, "line 1, column 7" in broken.output) == (2, True)
    file.write_text("{}")
    (tmp_path / "bodies" / "default").mkdir(parents=True)
    (tmp_path / "bodies" / "default").rmdir()
    (tmp_path / "bodies" / "default").write_text("a file where a folder belongs")
    away = put(str(file), "--patience", "0.2")
    assert (away.exit_code, "did not take the body" in away.output) == (1, True)


async def test_a_review_is_decided_with_its_document_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, data = written(OUTPUT)
    review = make_review(OUTPUT)
    named = review.model_copy(update={"document": Ref(ref=reference)})
    with pytest.raises(WrongUsage, match=reference.sha256):
        await with_document(named)
    await open_objects(tmp_path.as_uri(), PATIENCE_S).put(review.job.tenant, reference, data)
    monkeypatch.setenv("HEADCHEF_BODIES", tmp_path.as_uri())
    assert await with_document(named) == review
