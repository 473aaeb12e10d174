"""`headchef workflow test`, as it is typed."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from headchef.cli.__main__ import app

FILE = """
workflow: guide
version: 1
steps:
  - {id: plan, llm: {prompt: plan.j2@1}}
  - {id: page, llm: {text: "Write {{ plan }}", with: {plan: "{{ steps.plan }}"}}, checks: [{check: chars, max: 40}]}
result: {from: "{{ steps.page }}"}
"""
CASES = """
cases:
  - name: ghent
    input: {city: Ghent}
    answers: {plan: Canals, page: All about canals.}
    expect: {checks: [{check: required_terms, terms: [canals]}], golden: true}
  - name: too-long
    input: {city: Ghent}
    answers: {plan: Canals, page: All about canals and about all the towers of the town.}
    expect: {status: failed, step: page, reason: rejected}
"""


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["workflow", "test", *words], prog_name="headchef")


@pytest.fixture
def guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("guide.yaml", FILE),
        ("guide.tests.yaml", CASES),
        ("plan.j2", "{# version: 1 #}\nPlan {{ input.city }}.\n"),
    ):
        (tmp_path / name).write_text(text)
    assert typed("guide.yaml", "--update").exit_code == 0
    return tmp_path


def test_a_line_a_case_and_a_sum(guide: Path) -> None:
    result = typed("guide.yaml")
    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()
    assert first.startswith("passed      ghent     ")
    assert second.endswith(", 2 questions")
    assert result.stderr == "guide@1: 2 passed\n"


def test_a_changed_prompt_is_shown_and_taken_with_update(guide: Path) -> None:
    (guide / "plan.j2").write_text("{# version: 1 #}\nPlan {{ input.city }} in five parts.\n")
    failed = typed("guide.yaml")
    assert failed.exit_code == 1
    lines = [line.strip() for line in failed.stdout.splitlines()]
    assert "is not as its golden result; `--update` takes it" in lines
    changed = [line for line in lines if line.startswith(("-  ", "+  "))]
    assert changed == ["-      Plan Ghent.", "+      Plan Ghent in five parts."]
    assert "golden result written" in typed("guide.yaml", "--update").stdout
    assert typed("guide.yaml").exit_code == 0


def test_a_golden_result_stays_where_something_else_is_wrong(guide: Path) -> None:
    before = (guide / "guide.golden" / "ghent.yaml").read_text()
    (guide / "guide.tests.yaml").write_text(CASES.replace("All about canals.", "All about towers."))
    result = typed("guide.yaml", "--update")
    assert result.exit_code == 1
    assert 'required_terms: /: must say "canals"' in result.stdout
    assert "is not as its golden result; stays as it is, since not all else is as expected" in result.stdout
    assert (guide / "guide.golden" / "ghent.yaml").read_text() == before


def test_machines_get_an_object_a_case_and_junit(guide: Path) -> None:
    (guide / "guide.tests.yaml").write_text(CASES.replace("reason: rejected", "reason: timeout"))
    result = typed("guide.yaml", "--json", "--junit", "junit.xml")
    assert result.exit_code == 1
    ghent, late = map(json.loads, result.stdout.splitlines())
    assert (ghent["case"], ghent["verdict"], ghent["differences"], ghent["questions"]) == ("ghent", "passed", [], 2)
    assert late["differences"][0]["message"] == "failed of rejected, expected timeout"
    [suite] = ET.parse(guide / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert "failed      too-long" in (suite.findtext("system-out") or "")


def test_some_cases_can_be_chosen_and_stray_golden_results_are_named(guide: Path) -> None:
    (guide / "guide.golden" / "bruges.yaml").write_text("a: 1")
    result = typed("guide.yaml", "--case", "too-long")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)
    assert result.stderr.splitlines()[1] == "guide.golden/bruges.yaml belongs to no case"
    missing = typed("guide.yaml", "--case", "rome")
    assert missing.exit_code == 2
    assert "guide.tests.yaml has no case rome\n  → it has ghent, too-long" in missing.stderr


def test_what_cannot_be_used_is_said_before_anything_is_done(guide: Path) -> None:
    for words, told in (
        (("nowhere.yaml",), "nowhere.yaml: cannot be read: No such file or directory"),
        (("guide.tests.yaml",), "name the workflow, guide.yaml: its cases are found beside it"),
        (("guide.yaml", "--cases", "no.yaml"), "there is no file no.yaml"),
        (("guide.yaml", "--junit", "no/x.xml"), "--junit: there is no folder no"),
    ):
        result = typed(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert told in result.stderr
    (guide / "guide.tests.yaml").write_text(CASES.replace("answers: {plan: Canals, p", "answers: {plam: Canals, p"))
    result = typed("guide.yaml")
    assert result.exit_code == 2
    assert "guide.tests.yaml has 2 faults" in result.stderr
    assert "guide.tests.yaml:5:15: cases.0.answers.plam: there is no step 'plam'; did you mean plan?" in result.stderr


def test_without_services_a_case_that_asks_says_how_to_do_without(guide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_KAFKA", "127.0.0.1:1")
    (guide / "guide.tests.yaml").write_text(CASES.replace("plan: Canals, page: All about canals.", "plan: Canals"))
    result = typed("guide.yaml", "--patience", "0")
    assert result.exit_code == 1
    assert "cannot reach Kafka at 127.0.0.1:1" in result.stderr
    assert "or answer for all steps that ask a model, under `answers` or `given` of ghent" in result.stderr
