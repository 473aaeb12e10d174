"""Reads rows, each with its line number, from JSON, JSON Lines and CSV text."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from headchef.cli.faults import BadLine, LineFault

RowFormat = Literal["jsonl", "json", "csv"]

_NUMBER = re.compile(r"^[-+]?[\d.,]+%?$")
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Row:
    """One object of the input.

    Attributes:
        line: where it starts, counted from 1.
        values: column or field name to value; text only if it came from CSV.
    """

    line: int
    values: dict[str, Any]


def format_of(name: str) -> RowFormat:
    """Tell the format from a file's name; what is not `.csv`, `.tsv` or `.json` is JSON Lines."""
    lowered = name.lower()
    if lowered.endswith((".csv", ".tsv")):
        return "csv"
    return "json" if lowered.endswith(".json") else "jsonl"


def read_rows(text: Iterable[str], name: str, row_format: RowFormat) -> Iterator[Row | LineFault]:
    """Read rows one after the other; a bad line is yielded as its fault, and reading goes on behind it.

    Args:
        text: lines, with or without their line ends; without a byte order mark.
        name: the file's name, for messages.
        row_format: how the lines are to be read.

    Raises:
        BadLine: the whole file cannot be read, as with a CSV file without a header.
    """
    if row_format == "csv":
        return _csv_rows(text, name)
    return _json_rows(text, name) if row_format == "json" else _jsonl_rows(text, name)


def _jsonl_rows(text: Iterable[str], name: str) -> Iterator[Row | LineFault]:
    for line, content in enumerate(text, start=1):
        if content.strip():
            try:
                yield Row(line, _object(_parsed(content, name, line), name, line))
            except BadLine as bad:
                yield bad.fault


def _json_rows(text: Iterable[str], name: str) -> Iterator[Row | LineFault]:
    value = _parsed("".join(text), name, 0)
    for number, item in enumerate(value if isinstance(value, list) else [value], start=1):
        try:
            yield Row(number, _object(item, name, number))
        except BadLine as bad:
            yield bad.fault


def _parsed(content: str, name: str, line: int) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        at = line or error.lineno
        message = f"not JSON: {error.msg} at column {error.colno}"
        if content.lstrip()[:1] not in ("{", "[", '"'):
            message += "; a JSON object starts with {"
        raise BadLine(LineFault(name, at, None, message)) from error


def _object(value: Any, name: str, line: int) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    kind = "null" if value is None else type(value).__name__
    raise BadLine(LineFault(name, line, None, f'a JSON object is wanted, such as {{"name": …}}, not {kind}'))


def _csv_rows(text: Iterable[str], name: str) -> Iterator[Row | LineFault]:
    lines = iter(text)
    first = next(lines, "")
    reader = csv.reader(_chained(first, lines), delimiter=_delimiter(first), strict=True)
    try:
        header = _header(next(reader, []), name)
    except csv.Error as error:
        raise _no_csv(error, name, 1) from error
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _no_csv(error, name, start) from error
        if not cells:
            continue
        if len(cells) != len(header):
            message = f"{len(cells)} cells, but the header names {len(header)} columns: {', '.join(header)}"
            yield LineFault(name, start, None, message)
        else:
            yield Row(start, dict(zip(header, cells, strict=True)))


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _no_csv(error: csv.Error, name: str, line: int) -> BadLine:
    return BadLine(LineFault(name, line, None, f"not CSV: {error}; check the quotes of this line"))


def _header(cells: list[str], name: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not any(names):
        raise BadLine(LineFault(name, 1, None, "the file has no header; its first line must name the columns"))
    seen: set[str] = set()
    for number, column in enumerate(names, start=1):
        if not column or _NUMBER.match(column):
            shown = f'"{column}"' if column else "empty"
            message = f"is {shown}: the first line must be a header that names the columns"
            raise BadLine(LineFault(name, 1, f"column {number}", message))
        if column in seen:
            raise BadLine(
                LineFault(name, 1, f"column {number}", f'"{column}" is there twice; column names must differ')
            )
        seen.add(column)
    return names
