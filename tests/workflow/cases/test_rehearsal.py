"""A case's answers stand in for models, sources and functions; all else goes on as in any other job."""

from pathlib import Path

import pytest

from headchef.workflow.cases import NoAnswer
from headchef.workflow.progress import Ask, Audit, Came, Unit
from tests.workflow.cases.guides import ANSWERS, rehearsal
from tests.workflow.progress.jobs import JUDGE


def test_what_is_answered_is_not_given_out_and_the_rest_is(tmp_path: Path) -> None:
    progress = rehearsal(tmp_path)
    [audit] = progress.begin()
    assert isinstance(audit, Audit)
    assert audit.target == "Boats. Stones."
    assert progress.ended(audit.unit, Came(JUDGE.audited(audit))) == []
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.output) == ("ok", "Boats. Stones. 0.0")


def test_questions_are_kept_whoever_answers_them(tmp_path: Path) -> None:
    progress = rehearsal(tmp_path, answers={"joined": "x"}, given={"outline": ANSWERS["outline"]})
    works = progress.begin()
    assert [str(work.unit) for work in works] == ["sections[canals]", "sections[towers]"]
    assert [ask.prompt for ask in progress.asked.values()] == ["About canals", "About towers"]
    assert progress.ended(works[0].unit, Came("Boats.")) == []
    [audit] = progress.ended(works[1].unit, Came("Stones."))
    assert isinstance(audit, Audit)
    answered = rehearsal(tmp_path)
    answered.begin()
    assert list(map(str, answered.asked)) == ["outline", "sections[canals]", "sections[towers]"]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"outline": {"sections": [{"title": "x"}]}}, "rejected"),
        ({"joined": "x", "sections": {"*": "x"}}, None),
    ],
)
def test_an_answer_is_held_against_the_schema_as_that_of_a_model(
    tmp_path: Path, answers: dict[str, object], why: str | None
) -> None:
    progress = rehearsal(tmp_path, answers={**ANSWERS, **answers})
    progress.begin()
    ending = progress.ending
    assert (None if ending is None or ending.why is None else ending.why.reason) == why


def test_an_answer_is_held_against_the_checks_too(tmp_path: Path) -> None:
    progress = rehearsal(tmp_path, answers={**ANSWERS, "sections": {"canals": "x" * 21, "towers": "Stones."}})
    progress.begin()
    [(unit, lost)] = progress.losses
    assert (unit, lost.reason) == (Unit("sections", "canals"), "rejected")
    assert progress.outputs["sections"] == ["Stones."]


def test_steps_and_items_fail_as_the_case_says(tmp_path: Path) -> None:
    progress = rehearsal(tmp_path, fails={"sections": {"towers": "timeout"}})
    progress.begin()
    assert [(str(unit), lost.reason) for unit, lost in progress.losses] == [("sections[towers]", "timeout")]
    every = rehearsal(tmp_path, answers={**ANSWERS, "sections": {}}, fails={"sections": "refused"})
    every.begin()
    assert [str(unit) for unit, _ in every.losses] == ["sections[canals]", "sections[towers]"]
    whole = rehearsal(tmp_path, answers={"sections": {}}, fails={"outline": "timeout"})
    assert whole.begin() == []
    assert whole.ending is not None
    assert (whole.ending.failed, whole.ending.status) == (Unit("outline"), "failed")


def test_items_may_be_named_by_numbers(tmp_path: Path) -> None:
    outline = {"sections": [{"id": "7"}]}
    progress = rehearsal(tmp_path, answers={**ANSWERS, "outline": outline, "sections": {7: "Seven."}})
    progress.begin()
    assert progress.outputs["sections"] == ["Seven."]


def test_an_item_without_an_answer_is_named_with_those_that_have_one(tmp_path: Path) -> None:
    progress = rehearsal(tmp_path, answers={**ANSWERS, "sections": {"canals": "Boats."}})
    with pytest.raises(NoAnswer, match=r"no answer for sections\[towers\]; it has those for canals"):
        progress.begin()


def test_an_item_without_an_answer_is_named_where_the_step_before_it_was_done(tmp_path: Path) -> None:
    progress = rehearsal(tmp_path, answers={"sections": {"canals": "Boats."}, "joined": "x"})
    [ask] = progress.begin()
    assert isinstance(ask, Ask)
    with pytest.raises(NoAnswer, match=r"sections\[towers\]"):
        progress.ended(ask.unit, Came(ANSWERS["outline"]))
