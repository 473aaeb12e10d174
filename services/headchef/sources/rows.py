"""Reads CSV: a list of objects, whose fields are named by the first row."""

import csv
import io

MAX_ROWS = 100_000
"""A row takes a hundred times more memory than the two bytes that it may be made of."""

MAX_FIELDS = 1_000

MAX_CHARACTERS = 64 * 1024 * 1024
"""Of the rows as objects, each of which has all names: as much as a large body may have."""

_DELIMITERS = "\t;,"
"""Of two that part as many fields the first: a comma is more often part of a name than a semicolon or tab."""


class BadRows(ValueError):
    """It is no table; says which line and what would be right."""


def rows_of(text: str) -> list[dict[str, str]]:
    """Read a table.

    Args:
        text: its first row names the fields; the delimiter is the tab, semicolon or comma that parts most of them.

    Raises:
        BadRows: it has no first row, rows of other lengths, too many rows or fields, names too long for so many
            rows, or quotation marks that do not end.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    names: list[str] = []
    rows: list[dict[str, str]] = []
    named = written = 0
    try:
        for row in reader:
            if not row:
                continue
            if not names:
                names = _names(row)
                named = sum(map(len, names))
            elif len(row) != len(names):
                raise BadRows(f"line {reader.line_num} has {len(row)} fields, and the first row {len(names)}")
            elif len(rows) == MAX_ROWS:
                raise BadRows(f"it has more than {MAX_ROWS:,} rows")
            else:
                written += named + sum(map(len, row))
                if written > MAX_CHARACTERS:
                    raise BadRows(
                        f"its rows have over {MAX_CHARACTERS:,} characters, the names of fields in each of them"
                    )
                rows.append(dict(zip(names, row, strict=True)))
    except csv.Error as error:
        raise BadRows(f"line {reader.line_num}: {error}") from error
    if not names:
        raise BadRows("it is empty; its first row must name the fields")
    return rows


def _names(row: list[str]) -> list[str]:
    if len(row) > MAX_FIELDS:
        raise BadRows(f"its first row has {len(row):,} fields; at most {MAX_FIELDS:,} are read")
    first: dict[str, int] = {}
    for number, name in enumerate(row, start=1):
        if not name.strip():
            raise BadRows(f"field {number} of the first row is empty, and must name a field")
        if (earlier := first.setdefault(name, number)) != number:
            raise BadRows(f"fields {earlier} and {number} of the first row are the same")
    return row


def _delimiter(text: str) -> str:
    """Give the delimiter that parts most fields of the first row."""

    def fields(delimiter: str) -> int:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            return len(next((row for row in reader if row), []))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=fields)
