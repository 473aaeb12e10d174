"""Makes a value of a document: JSON, the text that a reader sees, or rows. Pure."""

from typing import Any, assert_never

import orjson

from headchef.schema import MAX_DEPTH, depth_of
from headchef.sources.charset import text_of
from headchef.sources.errors import FetchFailed
from headchef.sources.page import seen_of
from headchef.sources.rows import BadRows, rows_of
from headchef.sources.wanted import ReadAs

_PAGES = ("text/html", "application/xhtml+xml")
_TEXTS = ("application/json", "application/xml", "application/javascript", "application/yaml", "application/csv")


def read(body: bytes, read_as: ReadAs, content_type: str | None, charset: str | None, name: str) -> Any:
    """Make a value of a document.

    Args:
        body: its bytes.
        read_as: what to make of it.
        content_type: as the server named it, without parameters; None where it did not.
        charset: likewise.
        name: of the source, for messages.

    Raises:
        FetchFailed: it is something else, or broken; says where.
    """
    is_page = content_type in _PAGES
    if read_as == "text" and not is_page and not _is_text(content_type):
        raise FetchFailed("unreadable", f"{name} is {content_type}, which is no text")
    text = text_of(body, charset, is_page=is_page, name=name)
    match read_as:
        case "json":
            return _json(text, content_type, name)
        case "text":
            return seen_of(text) if is_page else text
        case "csv":
            if is_page:
                raise FetchFailed("unreadable", f"{name} is a web page, and no CSV")
            try:
                return rows_of(text)
            except BadRows as bad:
                raise FetchFailed("unreadable", f"{name} is no CSV: {bad}") from bad
        case _:
            assert_never(read_as)


def _json(text: str, content_type: str | None, name: str) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        kind = f" ({content_type})" if content_type else ""
        place = f"line {error.lineno}, column {error.colno}"
        raise FetchFailed("unreadable", f"{name} is no JSON{kind}: {place}: {error.msg.partition(':')[0]}") from error
    if depth_of(value, MAX_DEPTH) > MAX_DEPTH:
        raise FetchFailed("unreadable", f"{name} is nested more than {MAX_DEPTH} levels deep")
    return value


def _is_text(content_type: str | None) -> bool:
    return (
        content_type is None
        or content_type.startswith("text/")
        or content_type in _TEXTS
        or content_type.endswith(("+json", "+xml"))
    )
