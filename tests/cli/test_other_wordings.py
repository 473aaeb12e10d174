"""What `submit` says of other wordings, from a file, and what it finds in free texts before anything is sent."""

from pathlib import Path
from typing import Any

import pytest

from headchef.cli.faults import BadLine, WrongUsage
from headchef.cli.submission.jobs import JobOptions, build_job
from headchef.cli.submission.other_wordings import semantic_of
from headchef.cli.submission.rows import Row
from headchef.cli.submission.templates import compile_template

SAID = {"free_text": ["question"], "purpose": "answer", "max_wrong": 0.02}
PROMPT = "{{ input.facts }}: {{ input.question }}"
ROW = {"facts": "Cork", "question": "Is it real?"}


def written(folder: Path, text: str) -> Path:
    path = folder / "answers.yaml"
    path.write_text(text)
    return path


def test_a_file_is_sent_as_it_is_written(tmp_path: Path) -> None:
    path = written(tmp_path, "free_text: [question]\npurpose: answer\nmax_wrong: 0.02\n")
    assert semantic_of(path) == SAID
    made = build_job(Row(1, ROW), options(), "in.csv")
    assert made.semantic is not None
    assert made.semantic.free_text == ("question",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- question", "is no mapping of fields"),
        ("free_text: [", "answers.yaml:1:13: is not YAML"),
        ("purpose: answer\nmax_wrong: 0.02", "free_text: is missing"),
        (
            "free_text: [question]\npurpose: geo\nmax_wrong: 0.02",
            "answers.yaml:2:1: purpose: an answer for the purpose",
        ),
        ("free_text: [question]\npurpose: answer\nmax_wrong: 1", "answers.yaml:3:1: max_wrong: Input should be less"),
        (
            "free_text: [question]\npurpose: answer\nmax_wrong: 0\ncompare: {judge: feelings}",
            "answers.yaml:4:11: compare.judge: there is no judge of equality 'feelings'",
        ),
    ],
)
def test_every_fault_of_it_is_named_with_its_place(tmp_path: Path, text: str, found: str) -> None:
    with pytest.raises(WrongUsage) as wrong:
        semantic_of(written(tmp_path, text))
    assert found in str(wrong.value)


def options(**said: Any) -> JobOptions:
    return JobOptions(stem="in", prompt=compile_template(PROMPT, "--prompt"), semantic=SAID | said)


@pytest.mark.parametrize(
    ("said", "row", "field", "message"),
    [
        (
            {"free_text": ["questoin"]},
            ROW,
            "semantic.free_text.0",
            "`questoin` is no field of the input, which has facts",
        ),
        ({"identity": ["sku"]}, ROW, "semantic.identity.0", "`sku` is no field of the input"),
        ({}, ROW | {"question": " "}, "semantic.free_text.0", "`question` is empty"),
        ({"free_text": ["facts", "note"]}, ROW | {"note": "x"}, "semantic.free_text.1", "`note` is not used"),
    ],
)
def test_a_row_that_does_not_fit_is_found_at_the_desk(
    said: dict[str, Any], row: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(BadLine) as bad:
        build_job(Row(7, row), options(**said), "in.csv")
    assert (bad.value.fault.line, bad.value.fault.field) == (7, field)
    assert message in bad.value.fault.message


def test_a_line_that_is_a_whole_job_says_it_itself_or_takes_what_is_said_for_all() -> None:
    line = {"job_id": "j", "prompt": PROMPT, "input": ROW}
    for_all = JobOptions(stem="in", semantic=SAID)
    assert build_job(Row(1, line), for_all, "in.jsonl").semantic is not None
    own = build_job(Row(1, line | {"semantic": SAID | {"max_wrong": 0.1}}), for_all, "in.jsonl")
    assert own.semantic is not None
    assert own.semantic.max_wrong == 0.1
    with pytest.raises(BadLine) as bad:
        build_job(Row(1, line | {"prompt": "{{ input.question | upper }}"}), for_all, "in.jsonl")
    assert bad.value.fault.field == "semantic.free_text.0"
    with pytest.raises(BadLine) as bad:
        build_job(Row(1, line | {"prompt": "{{ input.question "}), for_all, "in.jsonl")
    assert bad.value.fault.field == "prompt"


def test_what_a_job_refers_to_is_left_for_the_router_to_look_at() -> None:
    reference = {"ref": {"sha256": "0" * 64, "bytes": 5, "media_type": "text/plain"}}
    line = {"job_id": "j", "prompt": reference, "input": ROW, "semantic": SAID}
    assert build_job(Row(1, line), JobOptions(stem="in"), "in.jsonl").semantic is not None
