"""What `submit` says of answers: a schema and checks from files, with the place of whatever cannot be used."""

from pathlib import Path

import pytest

from headchef.cli.faults import WrongUsage
from headchef.cli.submission.output import output_of

SCHEMA = '{"type": "object", "properties": {"title": {"type": "string"}}, "additionalProperties": false}'


def written(folder: Path, checks: str, schema: str | None = SCHEMA) -> tuple[Path | None, Path]:
    (folder / "c.yaml").write_text(checks)
    (folder / "s.json").write_text(schema or "")
    return folder / "s.json" if schema else None, folder / "c.yaml"


def test_nothing_is_said_where_nothing_is_given() -> None:
    assert output_of(None, None, None) == {}
    assert output_of(None, None, 0) == {"repairs": 0}


def test_checks_are_sent_as_they_are_written(tmp_path: Path) -> None:
    schema, checks = written(
        tmp_path, "- {check: chars, path: title, max: '{{ input.most }}'}\n- check: grounded\n  against: x"
    )
    found = output_of(schema, checks, 2)
    assert found["checks"] == [
        {"check": "chars", "path": "title", "max": "{{ input.most }}"},
        {"check": "grounded", "against": "x"},
    ]
    assert (found["repairs"], found["schema"]["type"]) == (2, "object")


@pytest.mark.parametrize(
    ("checks", "found"),
    [
        (
            "- {check: chars, path: titel, max: 5}",
            ["c.yaml:1:18: 0.path: leads nowhere: the output cannot have 'titel'"],
        ),
        (
            "- check: chars\n  mx: 5\n- check: char\n",
            ["c.yaml:2:3: 0.mx: unknown field; did you mean max?", "c.yaml:3:3: 1.check: there is no check"],
        ),
        ("- {check: chars, path: title, max: x}", ["c.yaml:1:31: 0.max: Input should be a valid integer"]),
        ("check: chars", ["is no list of checks"]),
        ("- {path: title, max: 5}", ["c.yaml:1:3: 0.check: is missing", "such as chars"]),
        ("- {check: chars, path: 5, max: 5}", ["c.yaml:1:18: 0.path: Input should be a valid string"]),
        ("- {check: [chars], max: 5}", ["c.yaml:1:4: 0.check: Input should be a valid string"]),
        ("- chars", ["is no list of checks"]),
        ("- [", ["c.yaml:1:4: is not YAML"]),
        ("- {check: chars, path: title, max: 5, max: 6}", ["given twice"]),
    ],
)
def test_every_fault_is_named_with_its_place(tmp_path: Path, checks: str, found: list[str]) -> None:
    with pytest.raises(WrongUsage) as wrong:
        output_of(*written(tmp_path, checks), None)
    for each in found:
        assert each in str(wrong.value).replace(f"{tmp_path}/", "")


def test_without_a_schema_there_are_no_fields(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=r"0\.path: leads nowhere: the output is string, and cannot have 'title'"):
        output_of(*written(tmp_path, "- {check: chars, path: title, max: 5}", None), None)
