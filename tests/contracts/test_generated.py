"""The generator: what is committed is what it would write, and it says so when that is not so."""

import shutil
from pathlib import Path

import pytest

from headchef_contracts.generate import PACKAGE, main, stale
from headchef_contracts.registry import REGISTRY


@pytest.fixture
def package(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE / "schemas", tmp_path / "schemas")
    shutil.copy(PACKAGE / "asyncapi.json", tmp_path)
    return tmp_path


def test_what_is_committed_is_what_would_be_written() -> None:
    assert stale(REGISTRY, PACKAGE) == []


def test_a_changed_schema_is_reported_and_written_anew(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = package / "schemas/headchef.job.finished/1/schema.json"
    right = path.read_text("utf-8")
    path.write_text(right.replace("superseded", "obsolete"), "utf-8")
    assert main(["--check", "--root", str(package)]) == 1
    assert "job.finished/1/schema.json is out of date: run `python -m headchef_contracts" in capsys.readouterr().out
    assert main(["--root", str(package)]) == 0
    assert path.read_text("utf-8") == right
    assert main(["--check", "--root", str(package)]) == 0


def test_a_missing_document_is_written(package: Path) -> None:
    (package / "asyncapi.json").unlink()
    assert main(["--check", "--root", str(package)]) == 1
    assert main(["--root", str(package)]) == 0
    assert (package / "asyncapi.json").read_bytes() == (PACKAGE / "asyncapi.json").read_bytes()


def test_a_new_example_makes_the_document_out_of_date(package: Path) -> None:
    examples = package / "schemas/headchef.job.submitted/1/examples"
    shutil.copy(examples / "minimal.json", examples / "another.json")
    assert main(["--check", "--root", str(package)]) == 1
