"""Reads the texts of a file of JSON lines, each checked before the first is kept."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import orjson

from headchef.cli.faults import BadLine, LineFault, WrongUsage
from headchef.retrieval.collection import LoadedText

_FIELDS = ("id", "text", "payload")
_MAX_TEXT_BYTES = 262_144
_MAX_ID_CHARACTERS = 200


def texts_of(path: Path, own_fields: AbstractSet[str]) -> Iterator[LoadedText]:
    """Give the texts of a file, line by line.

    Args:
        path: of the file, in UTF-8; empty lines are passed over.
        own_fields: fields of a payload that the collection sets itself.

    Raises:
        BadLine: names the line, the field and what would be right.
        WrongUsage: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _text_of(line.removeprefix(b"\xef\xbb\xbf"), str(path), number, own_fields)
    except OSError as error:
        raise WrongUsage(f"{path}: cannot be read: {error.strerror}") from error


def _text_of(line: bytes, name: str, number: int, own_fields: AbstractSet[str]) -> LoadedText:
    def wrong(field: str | None, message: str) -> BadLine:
        return BadLine(LineFault(name, number, field, message))

    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise wrong(None, f'is not JSON: {error.msg}; expected {{"id": "a", "text": "…", "payload": {{}}}}') from error
    if not isinstance(row, dict):
        raise wrong(None, 'is no object; expected {"id": "a", "text": "…", "payload": {}}')
    if stray := [field for field in row if field not in _FIELDS]:
        raise wrong(stray[0], "is not known; what searches filter by goes into `payload`")
    given, text, payload = row.get("id"), row.get("text"), row.get("payload", {})
    if not isinstance(given, str) or not 0 < len(given) <= _MAX_ID_CHARACTERS:
        raise wrong("id", f"must be a text of 1 to {_MAX_ID_CHARACTERS} characters")
    if not isinstance(text, str) or not text.strip():
        raise wrong("text", "must be a text that is not empty")
    if (size := len(text.encode())) > _MAX_TEXT_BYTES:
        raise wrong("text", f"has {size:,} bytes; at most {_MAX_TEXT_BYTES:,} are kept: split it into parts")
    if not isinstance(payload, dict):
        raise wrong("payload", 'must be an object, such as {"locale": "en"}')
    _check_fields(payload, own_fields, wrong)
    return LoadedText(given, text, payload)


def _check_fields(payload: dict[str, Any], own_fields: AbstractSet[str], wrong: Any) -> None:
    for field in payload:
        if field in own_fields:
            raise wrong(f"payload.{field}", "is set by the collection itself; give it another name")
