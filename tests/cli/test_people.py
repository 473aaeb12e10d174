"""Who decides about reviews of a run on this machine, and what is asked at the terminal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headchef.cli.faults import WrongUsage
from headchef.cli.workflows.decider import Decider
from headchef.cli.workflows.people import Always, AtTerminal, reviewing
from headchef.workflow.progress import Came, Lost, Outcome, Review, Unit
from tests.workflow.progress.jobs import JUDGE

SHORT = ({"check": "chars", "path": "", "max": 9},)


def review(document: Any = "A page.", **fields: Any) -> Review:
    known: dict[str, Any] = {"within_s": 60.0, "otherwise": "needs_review", "schema": None, "checks": SHORT}
    return Review(Unit("look"), document, **(known | fields))


async def answered(*lines: str, about: Review | None = None) -> tuple[Outcome, list[str]]:
    left: Iterator[str] = iter(lines)
    said: list[str] = []

    async def line() -> str:
        return next(left)

    outcome = await AtTerminal(line, said.append, JUDGE).decide(about or review())
    assert next(left, None) is None
    return outcome, said


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("approve\n", Came("A page.")),
        ("A\n", Came("A page.")),
        ("reject\n", Lost("review_rejected", "rejected")),
        ("r too dull\n", Lost("review_rejected", "rejected: too dull")),
        ("skip\n", Came("A page.", undecided=True)),
        ("", Came("A page.", undecided=True)),
    ],
)
async def test_what_is_typed_is_what_holds(line: str, outcome: Outcome) -> None:
    came, said = await answered(line)
    assert came == outcome
    assert said[0] == "look: needs review if nobody decides\nA page."


async def test_an_edit_must_pass_and_may_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("A page that is too long.\n")
    (tmp_path / "good").write_text("A book.\n")
    came, said = await answered(f"edit {tmp_path}/long\n", f"edit {tmp_path}/gone\n", f"e {tmp_path}/good\n")
    assert came == Came("A book.")
    assert "it does not pass: chars: has 24 characters, and may have at most 9" in said
    assert any("gone cannot be read" in each for each in said)


async def test_what_does_not_pass_cannot_be_approved_and_what_is_no_answer_is_asked_again() -> None:
    came, said = await answered("yes\n", "approve\n", "reject\n", about=review("A page of many words."))
    assert isinstance(came, Lost)
    assert sum("it does not pass" in each for each in said) == 1


@pytest.mark.parametrize(
    ("decider", "outcome"),
    [
        (Decider.APPROVE, Came("A page.")),
        (Decider.REJECT, Lost("review_rejected", "--reviews reject rejects it")),
        (Decider.OTHERWISE, Came("A page.", undecided=True)),
    ],
)
async def test_one_answer_may_hold_for_all(decider: Decider, outcome: Outcome) -> None:
    assert await Always(decider).decide(review()) == outcome


def test_where_there_is_nobody_to_ask_what_the_workflow_says_holds() -> None:
    assert isinstance(reviewing(None, print, JUDGE), Always)
    with pytest.raises(WrongUsage, match="there is nobody to ask here"):
        reviewing(Decider.ASK, print, JUDGE)
