"""What `headchef review` lists, chooses, sends and says, on a log in memory with a router that answers."""

import asyncio
import io
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from headchef_contracts import registry, topics
from headchef_contracts.events.common import Finding, Inline, StepCheck
from headchef_contracts.events.reviews import CommandRefused, JobName, ReviewAsked, ReviewDecided

from headchef.checks import installed
from headchef.cli.__main__ import app
from headchef.cli.faults import NotInTime, WorkFailed, WrongUsage
from headchef.cli.reviewing.choosing import Choice, the_one
from headchef.cli.reviewing.conclusion import conclude
from headchef.cli.reviewing.documents import edited, shown, wrong_with
from headchef.cli.reviewing.reading import Found, open_reviews
from headchef.cli.reviewing.running import Decision, command_of
from headchef.cli.reviewing.sending import Answer, send
from headchef.cli.reviewing.view import as_json, as_lines, as_table
from headchef.cli.screen import Screen
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Partition
from tests.cli.clusters import NAMESPACE, make_log, put, put_event
from tests.support.builders import NOON, make_decided, make_head, make_review, make_review_closed
from tests.support.eventually import eventually_async

APPROVE = Decision("approve", None, "ann@desk")


async def asked(log: MemoryLog, *reviews: ReviewAsked) -> None:
    for each in reviews:
        await put_event(log, "reviews", each, each.job.job_id.encode())


async def found(log: MemoryLog, max_records: int = 1_000) -> Found:
    return await open_reviews(log, NAMESPACE, max_records=max_records, progress=lambda done, total: None)


def of_job(job_id: str, **fields: Any) -> ReviewAsked:
    about = {name: fields.pop(name) for name in ("tenant", "batch_id", "run") if name in fields}
    return make_review(job=make_head(job_id, **about), **fields)


async def test_what_is_open_is_what_nothing_has_closed() -> None:
    log = make_log()
    left, right, again = of_job("a", item="1"), of_job("a", item="2"), of_job("a", item="1", run=1)
    await asked(log, left, right, again)
    await put_event(log, "reviews", make_review_closed(left), b"a")
    reviews = (await found(log)).open
    assert {(each.job.run, each.item) for each in reviews} == {(0, "2"), (1, "1")}


async def test_a_review_whose_end_is_read_first_is_closed_too() -> None:
    log = make_log()
    review = of_job("a")
    # As where the topic has grown in between.
    await put_event(log, "reviews", make_review_closed(review), b"a", number=0)
    await put_event(log, "reviews", review, b"a", number=3)
    assert (await found(log)).open == ()


async def test_what_is_due_first_comes_first_and_what_cannot_be_read_is_counted() -> None:
    log = make_log()
    await asked(log, *(of_job(name, due=NOON + timedelta(hours=hours)) for name, hours in (("a", 3), ("b", 1))))
    await put(log, "reviews", b"no event", b"c")
    told = await found(log)
    assert ([each.job.job_id for each in told.open], told.unreadable) == (["b", "a"], 1)


async def test_a_cluster_without_the_topic_is_told_of() -> None:
    with pytest.raises(WorkFailed, match="there is no topic"):
        await open_reviews(make_log(), "other", max_records=10, progress=lambda done, total: None)


REVIEWS = [
    of_job("a", item="1", tenant="acme", batch_id="spring"),
    of_job("a", item="2", tenant="acme", batch_id="spring"),
    of_job("b", step_id="sign", workflow="page@2", decided=make_decided(at=NOON - timedelta(hours=2))),
]


@pytest.mark.parametrize(
    ("choice", "meant"),
    [
        (Choice(), ["a 1", "a 2", "b None"]),
        (Choice(job_id="a"), ["a 1", "a 2"]),
        (Choice(job_id="a", item="2"), ["a 2"]),
        (Choice(step="sign"), ["b None"]),
        (Choice(tenant="acme"), ["a 1", "a 2"]),
        (Choice(tenant="other"), []),
        (Choice(batch="spring"), ["a 1", "a 2"]),
        (Choice(workflow="page"), ["b None"]),
        (Choice(workflow="page@2"), ["b None"]),
        (Choice(workflow="page@1"), []),
        (Choice(asked_until_ms=(NOON - timedelta(hours=1)).timestamp() * 1000), ["b None"]),
    ],
)
def test_options_choose(choice: Choice, meant: list[str]) -> None:
    assert [f"{each.job.job_id} {each.item}" for each in choice.among(REVIEWS)] == meant


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(job_id="a"), r"2 reviews are meant: a look\[1\], a look\[2\]"),
        (Choice(job_id="c"), "no review of job c is open"),
    ],
)
def test_where_one_must_be_meant_others_are_named(choice: Choice, said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        the_one(choice.among(REVIEWS), choice)


def test_the_list_says_how_long_each_waits_and_how_much_time_is_left() -> None:
    page = io.StringIO()
    reviews = [*REVIEWS[:1], make_review("x" * 99, due=NOON + timedelta(days=3), otherwise="needs_review")]
    Console(width=300, file=page).print(as_table(reviews, NOON + timedelta(minutes=90)))
    told = page.getvalue()
    for part in ("look[1]", "90 min ago", "over", "2 d", "needs review", "x" * 39 + "…"):
        assert part in told


def test_machines_get_the_document_where_it_is_asked_for() -> None:
    review = make_review({"title": "x"}, item="1")
    assert "document" not in as_json(review, whole=False)
    told = as_json(review, whole=True)
    assert (told["step"], told["item"], told["document"], told["otherwise"]) == ("look", "1", {"title": "x"}, "reject")


def test_a_person_is_told_what_the_document_must_pass() -> None:
    review = make_review("x", schema={"type": "string"}, checks=(StepCheck(check="chars", path="title"),))
    assert as_lines(review, NOON)[-1] == "it must pass: a JSON Schema, chars of title"


@pytest.mark.parametrize(
    ("before", "written", "after"),
    [
        ("a text", "another\n", "another"),
        ("a text\n", "another\n", "another\n"),
        ({"a": 1}, '{"a": 2}\n', {"a": 2}),
        (None, "[1]", [1]),
    ],
)
def test_an_edited_document_is_of_the_kind_that_it_was(tmp_path: Path, before: Any, written: str, after: Any) -> None:
    (tmp_path / "edited").write_text(written)
    assert edited(str(tmp_path / "edited"), before) == after


@pytest.mark.parametrize("before", ["a text\nof two lines", {"a": [1, "é"]}, 1.5, None])
def test_what_is_shown_and_comes_back_untouched_is_the_same(tmp_path: Path, before: Any) -> None:
    (tmp_path / "edited").write_text(f"{shown(before)}\n", "utf-8")
    assert edited(str(tmp_path / "edited"), before) == before


def test_an_edit_that_is_no_json_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "edited").write_text('{"a": }')
    with pytest.raises(WrongUsage, match="edited: line 1, column 7"):
        edited(str(tmp_path / "edited"), {"a": 1})
    with pytest.raises(WrongUsage, match="cannot be read"):
        edited(str(tmp_path / "gone"), "x")


def test_an_edit_is_held_against_what_this_machine_knows() -> None:
    checks = (StepCheck(check="chars", arguments={"max": 3}), StepCheck(check="checked_elsewhere"))
    review = make_review("x", schema={"type": "string"}, checks=checks)
    assert wrong_with("abc", review, installed()) == ()
    assert [each.check for each in wrong_with("abcd", review, installed())] == ["chars"]
    assert [each.check for each in wrong_with(7, review, installed())] == ["schema"]


def test_a_command_names_its_review_and_the_home_of_its_job() -> None:
    head = make_head("a", run=2, revision=3, tenant="acme", conversation_id="talk", home_partition=1)
    review = make_review("x", job=head, item="1")
    command = command_of(review, Decision("edit", "typo", "ann@desk"), "y", "c-1")
    assert (command.job_id, command.run, command.revision, command.tenant) == ("a", 2, 3, "acme")
    assert (command.home_partition, command.conversation_id, command.item) == (1, "talk", "1")
    assert (command.verdict, command.document, command.because) == ("edit", Inline(inline="y"), "typo")


def refusal(command: ReviewDecided, reason: str = "closed") -> CommandRefused:
    return CommandRefused.model_validate(
        {
            "job": JobName(job_id=command.job_id),
            "step_id": command.step_id,
            "item": command.item,
            "command_id": command.command_id,
            "reason": reason,
            "message": "it was approved by bob@desk before",
            "decided": make_decided(),
        }
    )


async def sent(log: MemoryLog, commands: Sequence[ReviewDecided], timeout_s: float = 5) -> dict[str, Answer]:
    return await send(
        log,
        NAMESPACE,
        commands,
        timeout_s=timeout_s,
        stop=asyncio.Event(),
        clock=SystemClock(),
        told=lambda done: None,
    )


async def commands_on(log: MemoryLog) -> list[tuple[int, ReviewDecided]]:
    name = topics.physical(NAMESPACE, "jobs.commands")
    reader = await log.reader("test")
    partitions = [Partition(name, number) for number in range(4)]
    await reader.assign(dict.fromkeys(partitions, 0))
    polled = await reader.poll(partitions, max_records=100, timeout_s=0.05)
    return [
        (record.partition, registry.decode(ReviewDecided.event_type, 1, record.value or b""))  # type: ignore[misc]
        for records in polled.values()
        for record in records
    ]


async def test_each_decision_is_sent_home_and_has_its_answer() -> None:
    log = make_log()
    reviews = [of_job("a"), of_job("b")]
    await put_event(log, "reviews", make_review_closed(reviews[0], command_id="c-0"), b"a")
    commands = [command_of(each, APPROVE, None, f"c-{number}") for number, each in enumerate(reviews)]

    async def answer() -> None:
        async def all_sent() -> bool:
            return len(await commands_on(log)) == len(commands)

        await eventually_async(all_sent)
        await put_event(log, "reviews", make_review_closed(reviews[0], command_id="another"), b"a")
        await put_event(log, "reviews", make_review_closed(reviews[0], command_id="c-0"), b"a")
        await put_event(log, "reviews", refusal(commands[1]), b"b")
        # Delivered again, which at least once may be.
        await put_event(log, "reviews", refusal(commands[0], "unknown"), b"a")

    answers, _ = await asyncio.gather(sent(log, commands), answer())
    assert {name: each.event_type for name, each in answers.items()} == {
        "c-0": "headchef.review.closed",
        "c-1": "headchef.command.refused",
    }
    assert sorted(await commands_on(log), key=lambda each: each[1].job_id) == [
        (review.job.home_partition, command) for review, command in zip(reviews, commands, strict=True)
    ]


async def test_what_is_not_answered_in_time_is_not_waited_for() -> None:
    log = make_log()
    assert await sent(log, [command_of(of_job("a"), APPROVE, None, "c-1")], timeout_s=0.05) == {}


def concluded(answers: dict[str, Answer], capsys: pytest.CaptureFixture[str]) -> tuple[list[Any], Exception | None]:
    commands = [command_of(of_job(job_id), APPROVE, None, f"c-{job_id}") for job_id in ("a", "b")]
    failure = None
    try:
        conclude(commands, answers, Screen(as_json=True))
    except (NotInTime, WorkFailed) as fault:
        failure = fault
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()], failure


def test_what_became_of_each_decision_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    closed = make_review_closed(of_job("a"), command_id="c-a")
    told, failure = concluded({"c-a": closed, "c-b": make_closed_b()}, capsys)
    assert ([each["taken"] for each in told], failure) == ([True, True], None)
    refused = refusal(command_of(of_job("b"), APPROVE, None, "c-b")).model_copy(
        update={"findings": (Finding(check="chars", path="", message="long"),)}
    )
    told, failure = concluded({"c-a": closed, "c-b": refused}, capsys)
    assert [(each["taken"], each["reason"], len(each["findings"])) for each in told] == [
        (True, None, 0),
        (False, "closed", 1),
    ]
    assert isinstance(failure, WorkFailed)
    assert failure.message == "1 decision changed nothing"
    told, failure = concluded({"c-b": refused}, capsys)
    assert [each["taken"] for each in told] == [None, False]
    assert isinstance(failure, NotInTime)


def make_closed_b() -> Answer:
    return make_review_closed(of_job("b"), command_id="c-b")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("approve",), "nothing says which reviews are meant"),
        (("reject", "a", "--because", "x" * 501), "--because: has 501 characters"),
        (("approve", "a", "--by", "x" * 201), "--by: must have 1 to 200 characters"),
        (("list", "--older-than", "yesterday"), '--older-than: "yesterday" is not a time'),
        (("edit", "a"), "Missing argument 'FILE'"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(app, ["review", *words], prog_name="headchef")
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
