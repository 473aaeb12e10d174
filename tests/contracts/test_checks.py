"""The check as CI runs it, on copies of the package in git work trees of the tests' own: each fault is caught."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from headchef_contracts.generate import PACKAGE
from headchef_contracts.registry import REGISTRY

from contract_checks.__main__ import main
from contract_checks.files import unplaced_events
from tests.contracts.versions import ONE_VERSION

FINISHED = "schemas/headchef.job.finished/1"


def git(folder: Path, *arguments: str) -> None:
    name = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "contracts" / "package"
    folder.mkdir(parents=True)
    shutil.copytree(PACKAGE / "schemas", folder / "schemas")
    shutil.copy(PACKAGE / "asyncapi.json", folder)
    git(tmp_path, "init", "--initial-branch", "main")
    return folder


def commit(package: Path) -> None:
    git(package, "add", ".")
    git(package, "commit", "--message", "x")


def check(package: Path, *arguments: str) -> int:
    return main(["--root", str(package), *arguments])


Printed = pytest.CaptureFixture[str]


def test_without_a_commit_it_compares_with_nothing_and_says_so(package: Path, capsys: Printed) -> None:
    assert check(package) == 0
    assert "compared with nothing published: there is no commit named origin/main or main" in capsys.readouterr().out


def test_without_git_it_compares_with_nothing_and_says_so(tmp_path: Path, capsys: Printed) -> None:
    shutil.copytree(PACKAGE, tmp_path / "package")
    assert check(tmp_path / "package") == 0
    assert "compared with nothing published: this is no git work tree" in capsys.readouterr().out


def test_the_first_commit_has_nothing_before_it(package: Path, capsys: Printed) -> None:
    commit(package)
    assert check(package) == 0
    assert "the commit before is not here" in capsys.readouterr().out


def test_a_missing_base_is_named(package: Path, capsys: Printed) -> None:
    commit(package)
    assert check(package, "--against", "v9") == 0
    assert "there is no commit named v9" in capsys.readouterr().out


def publish_with_another_field(package: Path) -> str:
    """Commit a schema that has a field more than the model; give the right text of the file."""
    path = package / FINISHED / "schema.json"
    right = path.read_text("utf-8")
    schema = json.loads(right)
    schema["properties"]["vintage"] = {"type": "string"}
    path.write_text(json.dumps(schema), "utf-8")
    commit(package)
    return right


def test_a_removed_field_is_caught_against_the_branch(package: Path, capsys: Printed) -> None:
    right = publish_with_another_field(package)
    (package / FINISHED / "schema.json").write_text(right, "utf-8")
    assert check(package) == 1
    out = capsys.readouterr().out
    assert "FAULT: headchef.job.finished version 1: vintage: the field was removed; a published version never" in out


def test_a_removed_field_is_caught_after_it_landed(package: Path, capsys: Printed) -> None:
    right = publish_with_another_field(package)
    (package / FINISHED / "schema.json").write_text(right, "utf-8")
    commit(package)
    assert check(package) == 1
    assert "compared with the commit before" in capsys.readouterr().out


def test_nothing_changed_passes(package: Path, capsys: Printed) -> None:
    commit(package)
    assert check(package, "--against", "main") == 0
    assert "contracts: compared with main" in capsys.readouterr().out


def test_a_generated_file_out_of_date_is_caught(package: Path, capsys: Printed) -> None:
    (package / "asyncapi.json").write_text("{}", "utf-8")
    assert check(package) == 1
    assert "asyncapi.json is out of date: run `python -m headchef_contracts.generate`" in capsys.readouterr().out


def test_a_schema_without_a_model_is_caught(package: Path, capsys: Printed) -> None:
    shutil.copytree(package / FINISHED, package / "schemas/headchef.job.finished/2")
    assert check(package) == 1
    assert "schemas/headchef.job.finished/2/schema.json: no model has this type and" in capsys.readouterr().out


def test_a_stray_file_is_caught(package: Path, capsys: Printed) -> None:
    (package / FINISHED / "notes.txt").write_text("x")
    assert check(package) == 1
    assert f"{FINISHED}/notes.txt: neither schema.json nor examples/<name>.json" in capsys.readouterr().out


def test_a_model_without_examples_is_caught(package: Path, capsys: Printed) -> None:
    shutil.rmtree(package / "schemas/headchef.step.judged/1/examples")
    assert check(package) == 1
    assert "schemas/headchef.step.judged/1: no examples/*.json; add at least" in capsys.readouterr().out


def test_a_model_without_a_schema_is_caught(package: Path, capsys: Printed) -> None:
    (package / FINISHED / "schema.json").unlink()
    assert check(package) == 1
    assert f"{FINISHED}/schema.json is out of date: run" in capsys.readouterr().out


def test_an_example_that_the_model_refuses_is_caught(package: Path, capsys: Printed) -> None:
    path = package / FINISHED / "examples/ok_text.json"
    path.write_text(path.read_text("utf-8").replace('"status": "ok"', '"status": "fine"'), "utf-8")
    assert check(package) == 1
    assert f"{FINISHED}/examples/ok_text.json: the model refuses it: status: must be" in capsys.readouterr().out


def test_an_example_that_only_the_schema_refuses_is_caught(package: Path, capsys: Printed) -> None:
    path = package / FINISHED / "examples/ok_text.json"
    path.write_text(path.read_text("utf-8").replace("2026-11-22T14:30:00Z", "2026-11-22 14:30+00:00"), "utf-8")
    assert check(package) == 1
    assert "the JSON Schema refuses it: job.submitted_at: " in capsys.readouterr().out


def test_an_event_without_a_topic_and_a_topic_without_its_event_are_caught() -> None:
    faults = list(unplaced_events(ONE_VERSION))
    assert "test.dish.served: no topic carries it; name it under `events` in headchef_contracts/topics.toml" in faults
    assert any(fault.startswith("topics.toml: `events` names headchef.job.finished, which") for fault in faults)
    assert list(unplaced_events(REGISTRY)) == []
