"""What cannot be read of a workflow: the file itself, and the prompts and schemas beside it."""

from pathlib import Path

import pytest

from tests.workflow.files import FILE, changed, faults


@pytest.mark.parametrize(
    ("file", "old", "new", "found"),
    [
        (
            "prompts/section.j2",
            "section.title",
            "section.name",
            ["prompts/section.j2:2: section cannot have 'name'; there is id, title"],
        ),
        (
            "prompts/section.j2",
            "attribute='text'",
            "attribute='text",
            ["prompts/section.j2:1: after its first line, line 2: "],
        ),
        (
            "prompts/section.j2",
            "{{ input.place }}",
            "{{ steps.facts }}",
            ["prompts/section.j2:2: 'steps' is not known here; known here: input, section, facts"],
        ),
        (
            "prompts/section.j2",
            "{{ section.title }}",
            "x",
            [f"{FILE}:16:48: steps.2.llm.with.section: is given to the prompt, and the prompt does not use it"],
        ),
        (
            "prompts/section.j2",
            "{# version: 7 #}",
            "{# about it #}",
            ["prompts/section.j2:1: does not say which version it is: let its first line be {# version: 7 #}"],
        ),
        ("schemas/facts.v2.json", '"object"', '"objekt"', [f"{FILE}:9:14: steps.0.output.schema: "]),
        ("schemas/facts.v2.json", "{", "[", ["schemas/facts.v2.json:2: is not JSON: "]),
    ],
)
def test_what_is_wrong_beside_the_file_is_named(
    tmp_path: Path, file: str, old: str, new: str, found: list[str]
) -> None:
    got = faults(changed(tmp_path, (old, new), file=file))
    assert [each[: len(start)] for each, start in zip(got, found, strict=True)] == found, got


def test_a_schema_that_leads_elsewhere_is_not_read(tmp_path: Path) -> None:
    path = changed(tmp_path / "own")
    schema = path.parent / "schemas/meta.v1.json"
    schema.rename(tmp_path / "elsewhere.json")
    schema.symlink_to(tmp_path / "elsewhere.json")
    (found,) = faults(path)
    assert "lies outside of the workflow's folder" in found


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"- a", "is not a mapping with the fields workflow, version, steps and result"),
        (b"# " + b"x" * 300_000, "has more than 262,144 bytes"),
        (b"workflow: [", "is not YAML: "),
        (b"workflow: a\nversion: 1\n", "give `steps` and `result`, or one `prompt`"),
    ],
)
def test_what_is_no_workflow_says_why(tmp_path: Path, raw: bytes | None, says: str) -> None:
    path = tmp_path / FILE
    if raw is not None:
        path.write_bytes(raw)
    (found,) = faults(path)
    assert says in found
