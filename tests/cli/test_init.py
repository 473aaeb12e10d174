"""`headchef init` writes a project that is good as it stands, and overwrites nothing."""

import csv
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from headchef.catalogue import load as load_catalogue
from headchef.cli.__main__ import app
from headchef.cli.beginning.writing import PROJECT, project_files
from headchef.workflow import load
from tests.docs.commands import command_of, options_of
from tests.workflow.progress.jobs import JUDGE


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, words, prog_name="headchef")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    result = typed("init", "guides/cities")
    assert result.exit_code == 0, result.stderr
    assert "next: cd guides/cities, then headchef workflow test city-guide.yaml" in result.stderr
    return tmp_path / "guides" / "cities"


def test_what_is_written_passes_its_own_check_and_test(project: Path) -> None:
    checked = typed("workflow", "check", str(project / "city-guide.yaml"))
    assert (checked.exit_code, checked.stderr.count("can be used")) == (0, 1)
    tested = typed("workflow", "test", str(project / "city-guide.yaml"))
    assert tested.exit_code == 0, tested.stdout
    assert tested.stderr == "city-guide@1: 3 passed\n"


def test_rows_are_input_of_the_workflow(project: Path) -> None:
    workflow = load(project / "city-guide.yaml")
    with (project / "cities.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    schema = workflow.schema(workflow.file.input.schema_name)
    assert len(rows) == 6
    assert [JUDGE.findings(row, schema, ()) for row in rows] == [()] * 6


def test_the_catalogue_can_be_used_with_the_simulated_model_and_with_the_real_one(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_catalogue(project / "catalogue.yaml").default_model == "simulated"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    text = (project / "catalogue.yaml").read_text()
    real = re.sub(r"^  # ", "  ", text, flags=re.MULTILINE)
    real = real.replace("provider: simulator", "provider: openai").replace("model: simulated", "model: gpt-4o-mini")
    (tmp_path / "real.yaml").write_text(real)
    assert load_catalogue(tmp_path / "real.yaml").default_model == "gpt-4o-mini"


def test_the_commands_that_it_names_exist(project: Path) -> None:
    lines = re.findall(r"^    headchef (.*?)(?: +#.*)?$", (project / "README.md").read_text(), flags=re.MULTILINE)
    assert len(lines) == 6
    for words in map(str.split, lines):
        assert {word for word in words if word.startswith("--")} <= options_of(command_of(words))


def test_nothing_is_overwritten(project: Path) -> None:
    for name in project_files():
        if name.name != "cities.csv":
            (project / name).unlink()
    (project / "cities.csv").write_text("mine")
    result = typed("init", str(project))
    assert result.exit_code == 2
    assert f"nothing was written, since these are there already\n{project / 'cities.csv'}\n" in result.stderr
    assert (project / "cities.csv").read_text() == "mine"
    assert not (project / "README.md").exists()


def test_other_files_may_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    result = typed("init")
    assert result.exit_code == 0
    assert result.stderr.endswith("13 files are written; next: headchef workflow test city-guide.yaml\n")
    assert all((tmp_path / name).read_bytes() == (PROJECT / name).read_bytes() for name in project_files())


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    result = typed("init", str(tmp_path / "x"))
    assert (result.exit_code, "x is a file" in result.stderr) == (2, True)
    inside = typed("init", str(tmp_path / "x" / "y"))
    assert (inside.exit_code, "cannot be written: Not a directory" in inside.stderr) == (1, True)
