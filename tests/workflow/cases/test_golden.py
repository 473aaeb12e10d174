"""A golden result is kept in a file, and what changes is told line by line."""

from pathlib import Path

from headchef.workflow.cases import Goldens, golden_of
from headchef.workflow.progress import Ending, Lost, Unit
from tests.workflow.cases.guides import rehearsal


def golden(folder: Path, status: str = "ok") -> dict[str, object]:
    progress = rehearsal(folder)
    progress.begin()
    return golden_of(Ending("ok", {"title": status, "text": "one\ntwo\n"}), progress.asked)


def test_what_is_written_is_found_as_it_was(tmp_path: Path) -> None:
    goldens, found = Goldens(tmp_path / "w.tests.yaml"), golden(tmp_path)
    missing = goldens.difference("ghent", found)
    assert missing is not None
    assert missing.message == "has no golden result yet"
    assert goldens.write("ghent", found)
    assert not goldens.write("ghent", found)
    assert goldens.difference("ghent", found) is None
    assert goldens.path("ghent") == tmp_path / "w.golden" / "ghent.yaml"


def test_it_holds_what_the_author_decides(tmp_path: Path) -> None:
    found = golden(tmp_path)
    assert found["asked"] == {
        "outline": {"tier": "small", "prompt": "Plan Ghent"},
        "sections[canals]": {"prompt": "About canals"},
        "sections[towers]": {"prompt": "About towers"},
    }
    failed = golden_of(Ending("failed", failed=Unit("outline"), why=Lost("timeout", "after 30.1 s")), {})
    assert failed["failed"] == {"step": "outline", "reason": "timeout"}


def test_a_change_is_told_with_the_file(tmp_path: Path) -> None:
    goldens = Goldens(tmp_path / "w.tests.yaml")
    goldens.write("ghent", golden(tmp_path))
    changed = goldens.difference("ghent", golden(tmp_path, "Towers"))
    assert changed is not None
    lines = changed.detail.splitlines()
    assert lines[0] == f"--- {tmp_path / 'w.golden' / 'ghent.yaml'}"
    assert [line for line in lines[2:] if line[0] in "+-"] == ["-  title: ok", "+  title: Towers"]


def test_a_file_that_is_broken_or_belongs_to_no_case_is_named(tmp_path: Path) -> None:
    goldens = Goldens(tmp_path / "w.tests.yaml")
    goldens.write("ghent", golden(tmp_path))
    goldens.path("ghent").write_text("a: [")
    broken = goldens.difference("ghent", golden(tmp_path))
    assert broken is not None
    assert "ghent.yaml:1:5: is not YAML" in broken.message
    assert goldens.stray(["bruges"]) == [goldens.path("ghent")]
    assert goldens.stray(["ghent"]) == []
