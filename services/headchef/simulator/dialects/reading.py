"""What a simulated model reads of a request, in the order in which a provider caches it, with the marks in between."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

BYTES_PER_TOKEN = 4
"""Near enough for a bill that only has to agree with itself."""

_BETWEEN = b"\x1e"


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a model reads: the form of the answer, then what everybody says.

    Attributes:
        text: of it.
        marks: after how many bytes the caller has marked it for the cache, rising.
        needs_marks: whether it is cached up to marks alone; else whatever begins as an earlier one did.
    """

    text: bytes = b""
    marks: tuple[int, ...] = ()
    needs_marks: bool = False


def words(content: object) -> str:
    """Give the text of a message, which may come in parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def reading_of(
    schema: object, said: Iterable[tuple[str, object]], *, mark: str | None = None, needs_marks: bool = False
) -> Reading:
    """Put together what a model reads.

    Args:
        schema: of the answer, which providers put before everything else; None for none.
        said: who says what, as a text or in parts.
        mark: name of the field that marks a part; None where there are no marks.
        needs_marks: as above.
    """
    text, marks = bytearray(orjson.dumps(schema) if schema is not None else b""), []
    for role, content in said:
        text += _BETWEEN + role.encode() + _BETWEEN
        for part in content if isinstance(content, list) else [content]:
            text += words([part] if isinstance(part, dict) else part).encode()
            if mark is not None and _is_marked(part, mark):
                marks.append(len(text))
    return Reading(bytes(text), tuple(marks), needs_marks)


def _is_marked(part: object, mark: str) -> bool:
    fields: Mapping[str, Any] = part if isinstance(part, dict) else {}
    return isinstance(fields.get(mark), dict)
