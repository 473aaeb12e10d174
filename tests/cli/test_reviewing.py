"""What `headchef review` finds, chooses and shows, on a log in memory."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from headchef_contracts.events.common import StepCheck

from headchef.checks import installed
from headchef.cli.__main__ import app
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.reviewing.choosing import Choice, the_one
from headchef.cli.reviewing.documents import edited, shown, wrong_with
from headchef.cli.reviewing.reading import open_reviews
from headchef.cli.reviewing.view import as_json, as_lines, as_table
from tests.cli.clusters import make_log, put, put_event
from tests.cli.reviews import asked, found, of_job
from tests.support.builders import NOON, make_decided, make_review, make_review_closed


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
