"""`headchef workflow check` and `graph`, as they are typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from headchef.cli.__main__ import app
from headchef.workflow.drawing import DrawingNeedsIgraph
from tests.workflow.files import FILE, LANDING, changed

GOOD = str(LANDING / FILE)


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["workflow", *words], prog_name="headchef")


@pytest.fixture
def bad(tmp_path: Path) -> str:
    return str(changed(tmp_path, ("{{ steps.outline }}", "{{ steps.outlines }}"), ("key: id", "key: slug")))


def test_a_good_workflow_is_said_to_be_good() -> None:
    result = typed("check", GOOD)
    assert result.exit_code == 0
    assert result.stderr == f"{GOOD}: local-landing-page@3 can be used: 8 steps, 4 prompts, 7 schemas\n"
    assert result.stdout == ""


def test_all_files_are_checked_and_one_bad_one_is_enough(bad: str) -> None:
    result = typed("check", bad, GOOD)
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        f"{bad} has 2 faults",
        f"{bad}:15:65: steps.2.for_each.key: an item cannot have 'slug'; there is id, title",
        f"{bad}:20:45: steps.3.llm.with.outline: there is no step 'outlines'; did you mean outline?",
        f"{GOOD}: local-landing-page@3 can be used: 8 steps, 4 prompts, 7 schemas",
    ]


def test_machines_get_an_object_a_file(bad: str) -> None:
    result = typed("check", "--json", bad, GOOD)
    assert result.exit_code == 2
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first["workflow"] is None
    assert first["faults"][0] == {
        "file": bad,
        "line": 15,
        "column": 65,
        "field": "steps.2.for_each.key",
        "message": "an item cannot have 'slug'; there is id, title",
    }
    assert (second["workflow"], second["faults"], second["steps"][0]) == ("local-landing-page@3", [], "facts")


def test_a_drawing_goes_to_the_screen_or_to_a_file(tmp_path: Path) -> None:
    drawn = typed("graph", GOOD)
    assert (drawn.exit_code, drawn.stdout.splitlines()[3]) == (0, "flowchart TD")
    output = tmp_path / "landing.svg"
    written = typed("graph", GOOD, "--as", "svg", "-o", str(output))
    assert (written.exit_code, written.stdout) == (0, "")
    assert output.read_text().startswith("<svg ")


def test_what_cannot_be_drawn_says_why(bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = typed("graph", bad)
    assert refused.exit_code == 2
    assert "has 2 faults" in refused.stderr
    nowhere = typed("graph", GOOD, "-o", str(tmp_path / "no" / "x.mmd"))
    assert nowhere.exit_code == 1
    assert "cannot be written: No such file or directory" in nowhere.stderr
    monkeypatch.setitem(__import__("sys").modules, "igraph", None)
    without = typed("graph", GOOD, "--as", "svg")
    assert without.exit_code == 2
    assert str(DrawingNeedsIgraph()) in without.stderr
