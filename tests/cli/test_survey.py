"""The check of a whole input before anything is sent."""

from dataclasses import replace
from pathlib import Path

import pytest

from headchef.cli.faults import WrongUsage
from headchef.cli.submission.jobs import JobOptions
from headchef.cli.submission.source import BOM, Source
from headchef.cli.submission.survey import jobs_of, survey

OPTIONS = JobOptions(stem="in")


def source(text: str) -> Source:
    return Source("in.jsonl", "jsonl", text=text)


def test_counts_jobs_repeated_lines_and_faults() -> None:
    text = '{"job_id": "a", "prompt": "x"}\n{"job_id": "a", "prompt": "x"}\nx\n{"job_id": "b", "prompt": "x"}\n'
    found = survey(source(text), OPTIONS)
    assert (found.jobs, found.repeated, [fault.line for fault in found.faults]) == (2, 1, [3])
    assert [job.job_id for job in jobs_of(source(text), OPTIONS, {})] == ["a", "b"]


def test_two_jobs_under_one_id_are_a_fault_that_names_both_lines() -> None:
    found = survey(source('{"job_id": "a", "prompt": "x"}\n{"job_id": "a", "prompt": "y"}\n'), OPTIONS)
    assert found.jobs == 1
    assert "in.jsonl, line 2: job_id" in str(found.faults[0])
    assert "in line 1" in str(found.faults[0])


def test_a_file_is_read_twice_and_its_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text(f"{BOM}job_id,prompt\r\na,x\r\n", encoding="utf-8")
    given = Source("jobs.csv", "csv", path)
    assert survey(given, OPTIONS).jobs == 1
    assert [job.job_id for job in jobs_of(given, OPTIONS, {})] == ["a"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="no such file"):
        survey(Source("jobs.csv", "csv", tmp_path / "jobs.csv"), OPTIONS)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jobs.jsonl"
    path.write_bytes('{"job_id": "a", "prompt": "Käse"}'.encode("latin-1"))
    with pytest.raises(WrongUsage, match="not UTF-8"):
        survey(Source("jobs.jsonl", "jsonl", path), OPTIONS)


BATCHED = (
    '{"job_id": "a", "prompt": "x", "batch_id": "spring"}\n{"job_id": "b", "prompt": "x", "batch_id": "spring"}\n'
    '{"job_id": "b", "prompt": "x", "batch_id": "spring"}\nnot JSON\n'
    '{"job_id": "c", "prompt": "x", "batch_id": "spring", "tenant": "acme"}\n'
    '{"job_id": "d", "prompt": "x", "batch_id": "autumn", "batch_size": 9}\n{"job_id": "e", "prompt": "x"}\n'
)


def sizes(options: JobOptions, text: str = BATCHED) -> dict[str, int | None]:
    given = source(text)
    return {job.job_id: job.batch_size for job in jobs_of(given, options, survey(given, options).batches)}


def test_jobs_say_how_many_of_their_batch_the_input_has() -> None:
    assert sizes(replace(OPTIONS, sized=True)) == {"a": 2, "b": 2, "c": 1, "d": 9, "e": None}


def test_jobs_say_nothing_where_their_batch_is_more_than_the_input() -> None:
    assert sizes(OPTIONS) == {"a": None, "b": None, "c": None, "d": 9, "e": None}


def test_a_longer_file_makes_the_same_ids_for_the_same_rows() -> None:
    rows = ['{"prompt": "x", "batch_id": "spring"}\n', '{"prompt": "y", "batch_id": "spring"}\n']
    sized = replace(OPTIONS, sized=True)
    assert set(sizes(sized, rows[0])) < set(sizes(sized, "".join(rows)))
    told = replace(OPTIONS, fields={"batch_size": 40, "batch_max_reject_rate": 0.1})
    assert set(sizes(told, "".join(rows))) == set(sizes(sized, "".join(rows)))
