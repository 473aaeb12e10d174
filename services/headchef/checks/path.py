"""Where in an output a check looks: `title`, `meta.title`, `edits[].new`, `sections[0].body`; empty for the whole."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headchef.document import Place

_STEP = re.compile(r"(?P<dot>\.?)(?P<name>[^.\[\]\s][^.\[\]]*)|\[(?P<number>\d{0,6})\]")


@dataclass(frozen=True, slots=True)
class Every:
    """All items of a list."""


EVERY = Every()

Path = tuple[str | int | Every, ...]


class BadPath(ValueError):
    """A text is no path."""


def read_path(text: str) -> Path:
    """Read a path.

    Args:
        text: fields with dots between them, `[]` for every item of a list, `[0]` for one.

    Raises:
        BadPath: it is none; the message says what would be one.
    """
    parts: list[str | int | Every] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or (found["name"] is not None and bool(found["dot"]) != bool(at)):
            raise BadPath(f"is no path at {text[at : at + 20]!r}: write title, meta.title, edits[].new or sections[0]")
        if found["name"] is not None:
            parts.append(found["name"])
        else:
            parts.append(int(found["number"]) if found["number"] else EVERY)
        at = found.end()
    return tuple(parts)


def written(path: Path) -> str:
    """Write a path as it is read."""
    said = ""
    for part in path:
        match part:
            case Every():
                said += "[]"
            case int():
                said += f"[{part}]"
            case str():
                said += f".{part}" if said else part
    return said


def values_at(path: Path, value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Find what lies at a path: nothing where a field or item is missing, which is the schema's business to forbid.

    Args:
        path: as read.
        value: JSON.
        place: of the value.

    Returns:
        Places and values.
    """
    if not path:
        yield place, value
        return
    part, rest = path[0], path[1:]
    if isinstance(part, Every):
        for number, item in enumerate(value if isinstance(value, list) else ()):
            yield from values_at(rest, item, (*place, number))
    elif isinstance(part, int):
        if isinstance(value, list) and part < len(value):
            yield from values_at(rest, value[part], (*place, part))
    elif isinstance(value, Mapping) and part in value:
        yield from values_at(rest, value[part], (*place, part))
