"""What `headchef cache invalidate` takes, publishes and shows, on a log in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from headchef_contracts import topics
from headchef_contracts.events.invalidations import CacheInvalidated, InvalidatedScope

from headchef.cache.invalidations import TOPIC
from headchef.cli.__main__ import app
from headchef.cli.broadcast import entries, entry, publish
from headchef.cli.faults import WrongUsage
from headchef.cli.history.reading import open_record
from headchef.cli.invalidating import running
from headchef.cli.invalidating.asked import Asked, OfWorkflow
from headchef.cli.invalidating.remains import remaining
from headchef.marks import template_of_step
from headchef.runtime.log.memory import MemoryLog
from headchef.workflow import load
from headchef.workflow.published import TOPIC as WORKFLOWS
from headchef.workflow.published import publication
from tests.cli.clusters import NAMESPACE, make_log

AT = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
HASH = "a" * 64
WORKFLOW = """\
workflow: page
version: 3
steps:
  - id: facts
    python: {call: shop.facts}
  - id: title
    llm: {text: "A title for {{ place }}", with: {place: "{{ steps.facts }}"}}
  - id: body
    llm: {text: "A page with the title {{ title }}", with: {title: "{{ steps.title }}"}}
result: {from: "{{ steps.body }}"}
"""

Type = Callable[..., Result]


@pytest.fixture
def log() -> MemoryLog:
    return make_log()


@pytest.fixture
def typed(log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Give what types a command at this log."""

    @asynccontextmanager
    async def opened(_: object) -> AsyncIterator[MemoryLog]:
        yield log

    monkeypatch.setattr(running, "opened", opened)

    def type_(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, ["cache", "invalidate", *words], terminal_width=200)
        assert result.exit_code == code, result.output
        return result

    return type_


async def said(log: MemoryLog) -> list[CacheInvalidated]:
    """Give what is in the broadcast."""
    events = [open_record(TOPIC, record).event for record in await entries(log, NAMESPACE, TOPIC)]
    return [event for event in events if isinstance(event, CacheInvalidated)]


@pytest.mark.parametrize(
    ("options", "scope"),
    [
        ({"tag": "menu"}, InvalidatedScope(tag="menu")),
        ({"tag": "menu", "tenant": "acme"}, InvalidatedScope(tag="menu", tenant="acme")),
        ({"template": HASH}, InvalidatedScope(template=HASH)),
        ({"source": HASH}, InvalidatedScope(source=HASH)),
        ({"tenant": "acme", "erase": True}, InvalidatedScope(tenant="acme")),
        ({"template": "page@3"}, OfWorkflow("page@3", None)),
        ({"template": "page@3/title"}, OfWorkflow("page@3", "title")),
    ],
)
def test_the_options_are_a_scope(options: dict[str, Any], scope: InvalidatedScope | OfWorkflow) -> None:
    assert Asked(**options).meant() == scope


def test_a_file_stands_for_its_hash(tmp_path: Path) -> None:
    document = tmp_path / "menu.html"
    document.write_bytes(b"<p>soup</p>")
    assert Asked(source=str(document)).meant() == InvalidatedScope(source=sha256(b"<p>soup</p>").hexdigest())


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({}, "nothing says which answers hold no longer"),
        ({"tag": "a", "source": HASH}, "--tag and --source name different answers"),
        ({"erase": True}, "--erase is of a whole tenant"),
        ({"erase": True, "tenant": "acme", "tag": "menu"}, "--erase is of a whole tenant"),
        ({"tag": ""}, '--tag: "" cannot be'),
        ({"tenant": "a\nb"}, "--tenant: "),
        ({"template": "page"}, '--template: "page" is no template'),
        ({"template": HASH[:-1]}, "is no template"),
        ({"source": "nowhere.html"}, '--source: "nowhere.html" is no hash, and no file'),
        ({"tag": "menu", "because": "x" * 501}, "--because has 501 characters"),
    ],
)
def test_what_is_wrong_names_its_option(options: dict[str, Any], wrong: str) -> None:
    with pytest.raises(WrongUsage) as fault:
        Asked(**options).meant()
    assert wrong in str(fault.value)


def test_nothing_is_said_where_an_option_is_wrong(typed: Type) -> None:
    assert "give --tag, --template, --source or --tenant" in typed(code=2).stderr


async def test_it_is_said_to_all_caches(log: MemoryLog, typed: Type) -> None:
    words = ("--tag", "menu", "--tenant", "acme", "--because", "new prices")
    shown = await asyncio.to_thread(typed, *words)
    assert "answers with tag menu of tenant acme that were asked for until now are neither served" in shown.stderr
    [event] = await said(log)
    assert event.scope == InvalidatedScope(tenant="acme", tag="menu")
    assert (event.erase, event.because) == (False, "new prices")
    [record] = await entries(log, NAMESPACE, TOPIC)
    assert record.key == b"invalidate tenant=acme/tag=menu"


async def test_a_workflow_stands_for_the_templates_of_its_steps(log: MemoryLog, typed: Type, tmp_path: Path) -> None:
    path = tmp_path / "page.yaml"
    path.write_text(WORKFLOW)
    event = publication(load(path), AT)
    producer = log.producer("test", None)
    await producer.start()
    await publish(producer, entry(event, WORKFLOWS, NAMESPACE, AT))
    await producer.close()
    await asyncio.to_thread(typed, "--template", "page@3")
    both = {template_of_step("page@3", "title"), template_of_step("page@3", "body")}
    assert {each.scope.template for each in await said(log)} == both
    await asyncio.to_thread(typed, "--template", "page@3/body", "--tenant", "acme")
    assert (await said(log))[-1].scope == InvalidatedScope(tenant="acme", template=template_of_step("page@3", "body"))
    wrong = await asyncio.to_thread(typed, "--template", "page@3/facts", code=2)
    assert 'page@3 has no step "facts" that asks a model' in wrong.stderr
    assert "these do: title, body" in wrong.stderr
    wrong = await asyncio.to_thread(typed, "--template", "page@4", code=2)
    assert "the workflow page@4 is not published" in wrong.stderr
    assert "published are: page@3" in wrong.stderr


async def test_an_erasure_lists_what_is_left_elsewhere(log: MemoryLog, typed: Type) -> None:
    shown = await asyncio.to_thread(typed, "--tenant", "acme", "--erase", "--json")
    event, *left = map(orjson.loads, shown.stdout.splitlines())
    assert (event["entry"], event["erase"]) == ("erase tenant=acme", True)
    where = {each["where"] for each in left}
    assert {"jobs.finished", "jobs.submitted.dlq", "steps.dispatched.default", "router.jobs.changelog"} <= where
    assert not where & {"catalog", "workflows"}


async def test_names_of_topics_stay_whole_on_a_narrow_terminal(
    log: MemoryLog, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    shown = await asyncio.to_thread(typed, "--tenant", "acme", "--erase")
    listed = shown.stdout.splitlines()[1:]
    first_words = {line.split(" ")[0] for line in listed}
    assert {"steps.dispatched.default.bulk.dlq", "executor.default.timers.changelog"} <= first_words
    assert max(map(len, listed)) <= 70


def test_what_is_left_goes_when_the_last_segment_has_expired() -> None:
    there = [topics.topic(name) for name in ("tenants", "jobs.finished", "catalog", "jobs.submitted")]
    found = remaining({"jobs.finished": 10.0, "jobs.submitted": 5.0}, there, "s3://bodies", AT)
    assert [each.where for each in found] == [
        "jobs.submitted",
        "jobs.finished",
        "tenants",
        "s3://bodies",
        "collections of texts",
        "files of caches",
        "other embedders' collections",
    ]
    segment = timedelta(milliseconds=topics.topic("jobs.submitted").segment_ms)
    assert found[0].until == AT + timedelta(seconds=5) + segment
    assert [each.until for each in found[2:]] == [None] * 5
    states = [topics.topic(f"{name}.changelog") for name in ("accounts.holders", "router.jobs")]
    account, work, *_ = remaining({}, states, None, AT)
    assert account.why.startswith("sums of what it has spent")
    assert work.why.startswith("until its work has ended")


async def test_a_cluster_without_the_topic_is_named(
    typed: Type, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "TOPIC", "cache.forgotten")
    wrong = await asyncio.to_thread(typed, "--tag", "menu", code=2)
    assert "the cluster has no topic headchef.cache.forgotten.v1" in wrong.stderr
