"""Tells the free texts in what a template makes from all the rest: a text in pieces, and what a template may not do.

A free text may be written into a prompt, and nothing else: were it tested, changed or read as part of something larger,
what stands around it would depend on it too, and two prompts that look alike but for their free texts would not be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from headchef.canonical import canonical
from headchef.template.errors import TemplateRefused
from headchef.template.reads import Read, Reads
from headchef.template.rendering import Renderer

Place = tuple[str, ...]
"""Where a value lies: a name that templates know, and the fields below it."""

_LONGEST_NUMBER = 9
"""Digits of an item's number: Python reads none of thousands of digits, and no list has so many items."""

Pieces = tuple[str, ...]
"""A text: by turns what is fixed, which may be empty, and the name of the free text that comes next."""


@dataclass(frozen=True, slots=True)
class Misuse:
    """A read by which more is done with a free text than to write it.

    Attributes:
        line: in the template, from 1.
        message: what is done, and what would be right.
    """

    line: int
    message: str


def misuse_of(place: Place, reads: Reads) -> Misuse | None:
    """Find the first place where a template does more with a free text than to write it; None if there is none.

    Args:
        place: of the free text.
        reads: of the template.
    """
    worked_on = frozenset(reads.worked_on)
    for read in reads.reads:
        path = _path(read)
        common = min(len(path), len(place))
        if path[:common] != place[:common]:
            continue
        if len(path) < len(place):
            whole, part = ".".join(path), ".".join(place)
            message = f"reads `{whole}` as a whole, with the free text `{part}` in it: name the fields that are meant"
            return Misuse(read.line, message)
        if path != place or read in worked_on:
            name = ".".join(place)
            message = (
                f"does more with the free text `{name}` than to write it: it may stand as {{{{ {name} }}}} alone, so"
                " that no other part of a prompt depends on its wording"
            )
            return Misuse(read.line, message)
    return None


def writes(place: Place, reads: Reads) -> bool:
    """Say whether a template reads just this value."""
    return any(_path(read) == place for read in reads.reads)


def value_at(place: Place, names: Mapping[str, Any]) -> Any:
    """Give the value at a place.

    Raises:
        LookupError: there is none.
    """
    value: Any = names
    for part in place:
        value = value[_key(value, part)]
    return value


def in_pieces(
    source: str, names: Mapping[str, Any], free: Mapping[str, Place], renderer: Renderer, filled: str
) -> Pieces:
    """Give what a template makes, with the names of free texts where they stand.

    It is filled once more, with a mark in place of each free text, and what that gives must be what was filled but for
    the marks. So it holds whatever the template does: two texts with the same pieces differ in their free texts alone.

    Args:
        source: the template.
        names: what it may name, with the values.
        free: where each free text lies, by its name; each is a text.
        renderer: fills templates.
        filled: what the template makes of those values.

    Raises:
        TemplateRefused: a free text has changed more than its own place.
    """
    # No value can hold a mark, and no template: it is a hash of both.
    seal = sha256(canonical([source, names])).digest()
    marks = {sha256(seal + name.encode()).hexdigest(): name for name in free}
    marked: Any = names
    for mark, name in marks.items():
        marked = _replaced(marked, free[name], mark)
    parts = [renderer.render(source, marked).text]
    for mark, name in marks.items():
        parts = [
            one for number, part in enumerate(parts) for one in ([part] if number % 2 else _split(part, mark, name))
        ]
    pieces = tuple(parts)
    if "".join(_put_together(pieces, names, free)) != filled:
        told = ", ".join(".".join(place) for place in free.values())
        raise TemplateRefused(f"the rest of the text depends on the wording of a free text ({told})")
    return pieces


def name_of(sources: Mapping[str, str]) -> str:
    """Name some templates by what is written in them.

    Args:
        sources: the templates, by what each is for.

    Returns:
        64 hexadecimal digits.
    """
    return sha256(canonical(dict(sources))).hexdigest()


def _split(text: str, mark: str, name: str) -> Iterator[str]:
    """Give a text in pieces, the first and the last of them fixed, with a name wherever a mark stands."""
    first, *others = text.split(mark)
    yield first
    for other in others:
        yield name
        yield other


def _put_together(pieces: Pieces, names: Mapping[str, Any], free: Mapping[str, Place]) -> Iterator[str]:
    for number, piece in enumerate(pieces):
        yield value_at(free[piece], names) if number % 2 else piece


def _path(read: Read) -> Place:
    return (read.root, *map(str, read.path))


def _key(value: Any, part: str) -> str | int:
    """Say what a part of a place is to a value: the number of an item, or the name of a field.

    Raises:
        LookupError: nothing.
    """
    if isinstance(value, list) and part.isdecimal() and len(part) <= _LONGEST_NUMBER:
        return int(part)
    if isinstance(value, Mapping):
        return part
    raise LookupError(part)


def _replaced(value: Any, place: Place, text: str) -> Any:
    """Give a copy of a value with a text at a place."""
    if not place:
        return text
    copied = list(value) if isinstance(value, list) else dict(value)
    key: Any = _key(value, place[0])
    copied[key] = _replaced(value[key], place[1:], text)
    return copied
