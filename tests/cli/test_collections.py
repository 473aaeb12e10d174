"""`headchef collection load` and `list`: what is kept, what is refused, and what is said of it."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from headchef.cli.__main__ import app

FILE = """\
collections:
  guides: {folder: data, shared: true, hashed: {dimensions: 64}}
  offers: {folder: data, tenant_field: tenant, hashed: {dimensions: 64}}
"""
LINES = """\
{"id": "lisbon", "text": "How to rent a flat in Lisbon", "payload": {"locale": "en"}}

{"id": "porto", "text": "How to rent a flat in Porto"}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "collections.yaml").write_text(FILE)
    (tmp_path / "texts.jsonl").write_text(LINES)
    monkeypatch.setenv("HEADCHEF_COLLECTIONS", str(tmp_path / "collections.yaml"))
    return tmp_path


def _call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["collection", *arguments])


def test_texts_are_loaded_and_loading_again_changes_nothing(folder: Path) -> None:
    for _ in range(2):
        result = _call("load", "guides", str(folder / "texts.jsonl"), "--json")
        assert result.exit_code == 0, result.output
        assert orjson.loads(result.stdout) == {
            "collection": "guides",
            "loaded": 2,
            "texts": 2,
            "embedder": "hashed-1/64",
        }
    rows = {row["collection"]: row for row in orjson.loads(_call("list", "--json").stdout)}
    assert (rows["guides"]["texts"], rows["guides"]["whose"]) == (2, "shared")
    assert rows["offers"]["texts"] == f"there is no collection in {folder}/data/offers"
    assert "by tenant" in _call("list").output


def test_each_tenant_has_its_own_texts(folder: Path) -> None:
    results = [
        _call("load", "offers", str(folder / "texts.jsonl"), "--tenant", tenant, "--json")
        for tenant in ("ours", "theirs")
    ]
    assert [orjson.loads(result.stdout)["texts"] for result in results] == [2, 4]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "texts.jsonl, line 4: is not JSON"),
        ("[]", "line 4: is no object"),
        ('{"text": "a"}', "line 4: id: must be a text of 1 to 200 characters"),
        ('{"id": 7, "text": "a"}', "line 4: id: must be a text"),
        ('{"id": "a", "text": " "}', "line 4: text: must be a text that is not empty"),
        ('{"id": "a", "text": "a", "payload": 1}', "line 4: payload: must be an object"),
        ('{"id": "a", "text": "a", "payload": {"text": 1}}', "line 4: payload.text: is set by the collection itself"),
        ('{"id": "a", "text": "a", "locale": "en"}', "line 4: locale: is not known"),
        ('{"id": "lisbon", "text": "a"}', "the id 'lisbon' stands on 2 lines"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_kept(folder: Path, line: str, said: str) -> None:
    (folder / "texts.jsonl").write_text(f"{LINES}{line}\n")
    result = _call("load", "guides", str(folder / "texts.jsonl"))
    assert result.exit_code == 2
    assert said in result.output
    assert not (folder / "data").exists()


def test_a_text_that_is_too_long_is_named(folder: Path) -> None:
    (folder / "texts.jsonl").write_text(orjson.dumps({"id": "a", "text": "x" * 262_145}).decode())
    result = _call("load", "guides", str(folder / "texts.jsonl"))
    assert (result.exit_code, "line 1: text: has 262,145 bytes" in result.output) == (2, True)


def test_what_is_not_there_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = _call("load", "guide", str(folder / "texts.jsonl"))
    assert (result.exit_code, "there is no collection 'guide'" in result.output) == (2, True)
    result = _call("load", "guides", str(folder / "none.jsonl"))
    assert (result.exit_code, "none.jsonl: cannot be read: No such file" in result.output) == (2, True)
    monkeypatch.delenv("HEADCHEF_COLLECTIONS")
    result = _call("list")
    assert (result.exit_code, "HEADCHEF_COLLECTIONS names the YAML file" in result.output) == (2, True)


def test_a_folder_that_cannot_be_used_is_a_failure(folder: Path) -> None:
    (folder / "data").write_text("no folder")
    result = _call("load", "guides", str(folder / "texts.jsonl"))
    assert result.exit_code == 1
    assert "cannot be written" in result.output
    assert "0 texts are kept; load the file again" in result.output
