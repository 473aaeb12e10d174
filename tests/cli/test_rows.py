"""Rows from JSON, JSON Lines and CSV: what is read, and how bad lines are named."""

import pytest

from headchef.cli.faults import BadLine, LineFault
from headchef.cli.submission.rows import Row, RowFormat, format_of, read_rows


def rows(text: str, row_format: RowFormat) -> list[Row | LineFault]:
    return list(read_rows(text.splitlines(keepends=True), "in", row_format))


@pytest.mark.parametrize(
    ("name", "row_format"),
    [
        ("a.csv", "csv"),
        ("A.TSV", "csv"),
        ("a.json", "json"),
        ("a.jsonl", "jsonl"),
        ("a.ndjson", "jsonl"),
        ("-", "jsonl"),
    ],
)
def test_the_name_tells_the_format(name: str, row_format: str) -> None:
    assert format_of(name) == row_format


@pytest.mark.parametrize(
    ("text", "row_format", "expected"),
    [
        ('{"a": 1}\n\n{"a": 2}', "jsonl", [Row(1, {"a": 1}), Row(3, {"a": 2})]),
        ('{\n "a": 1\n}', "json", [Row(1, {"a": 1})]),
        ('[{"a": 1}, {"a": 2}]', "json", [Row(1, {"a": 1}), Row(2, {"a": 2})]),
        ("a,b\n1,2\n", "csv", [Row(2, {"a": "1", "b": "2"})]),
        ("a;b\n1;2,5\n", "csv", [Row(2, {"a": "1", "b": "2,5"})]),
        ("a\tb\n1\t2\n\n3\t4", "csv", [Row(2, {"a": "1", "b": "2"}), Row(4, {"a": "3", "b": "4"})]),
        ('a,b\n"x\ny",2\n3,4\n', "csv", [Row(2, {"a": "x\ny", "b": "2"}), Row(4, {"a": "3", "b": "4"})]),
        ("name\nfirst\n", "csv", [Row(2, {"name": "first"})]),
    ],
)
def test_rows_carry_their_lines(text: str, row_format: RowFormat, expected: list[Row]) -> None:
    assert rows(text, row_format) == expected


@pytest.mark.parametrize(
    ("text", "row_format", "line", "part"),
    [
        ('{"a": 1}\n{"a": \n', "jsonl", 2, "not JSON"),
        ('{"a": 1}\n[1]\n', "jsonl", 2, "not list"),
        ("name,price\n", "jsonl", 1, "starts with {"),
        ('[{"a": 1}, 7]', "json", 2, "not int"),
        ("a,b\n1,2,3\n", "csv", 2, "3 cells, but the header names 2 columns: a, b"),
    ],
)
def test_a_bad_line_is_named_and_passed_over(text: str, row_format: RowFormat, line: int, part: str) -> None:
    fault = next(item for item in rows(text, row_format) if isinstance(item, LineFault))
    assert fault.line == line
    assert part in fault.message


def test_reading_goes_on_behind_a_bad_line() -> None:
    assert rows('x\n{"a": 1}', "jsonl")[1:] == [Row(2, {"a": 1})]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no header"),
        ("1,2\n3,4\n", 'column 1: is "1": the first line must be a header'),
        ("a,,c\n1,2,3\n", "column 2: is empty"),
        ("a,b,a\n1,2,3\n", 'column 3: "a" is there twice'),
        ('a,b\n1,"2\n', "check the quotes"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(text: str, part: str) -> None:
    with pytest.raises(BadLine) as raised:
        rows(text, "csv")
    assert part in str(raised.value)
