"""The check of a whole input before anything is sent."""

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
    assert [job.job_id for job in jobs_of(source(text), OPTIONS)] == ["a", "b"]


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
    assert [job.job_id for job in jobs_of(given, OPTIONS)] == ["a"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="no such file"):
        survey(Source("jobs.csv", "csv", tmp_path / "jobs.csv"), OPTIONS)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jobs.jsonl"
    path.write_bytes('{"job_id": "a", "prompt": "Käse"}'.encode("latin-1"))
    with pytest.raises(WrongUsage, match="not UTF-8"):
        survey(Source("jobs.jsonl", "jsonl", path), OPTIONS)
