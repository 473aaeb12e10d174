"""Says whether a path can lead anywhere in what a JSON Schema describes, and to what."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote

Schema = Mapping[str, Any] | bool
"""A JSON Schema: an object, or true for anything and false for nothing."""

_MOST_REFERENCES = 32
"""One after the other; a longer chain is a circle."""

_MOST_ALTERNATIVES = 64
"""More are taken for anything: what can be found in one of so many tells nobody what he meant."""


@dataclass(frozen=True, slots=True)
class _Alternative:
    schema: Schema
    root: Schema
    """In which its references are looked up."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand at a place: what one of several schemas describes."""

    alternatives: tuple[_Alternative, ...]

    def many(self) -> "Shape":
        """Give the shape of a list of such values."""
        return Shape(
            tuple(_Alternative({"type": "array", "items": each.schema}, each.root) for each in self.alternatives)
        )

    def kinds(self) -> frozenset[str]:
        """Give the JSON types that a value may have; none where any will do."""
        found: set[str] = set()
        for each in _unfolded(self.alternatives):
            named = _types(each.schema)
            if not named:
                return frozenset()
            found |= named
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class NoSuchPath:
    """Nothing can stand there.

    Attributes:
        at: how many parts of the path lead somewhere.
        message: what is wrong, and what would be right.
    """

    at: int
    message: str


def shape_of(schema: Schema) -> Shape:
    """Give the shape that a whole schema describes."""
    return Shape((_Alternative(schema, schema),))


ANYTHING = shape_of(True)
TEXT = shape_of({"type": "string"})


def follow(shape: Shape, path: Sequence[str | int]) -> Shape | NoSuchPath:
    """Go along a path.

    Args:
        shape: of the value where the path begins.
        path: names of fields, and numbers of items.

    Returns:
        The shape of what stands at its end, or why nothing can.
    """
    for number, part in enumerate(path):
        found: list[_Alternative] = []
        known: dict[str, None] = {}
        for each in _unfolded(shape.alternatives):
            found += _below(each, part)
            if isinstance(each.schema, Mapping):
                known |= dict.fromkeys(each.schema.get("properties", ()))
        if not found:
            return NoSuchPath(number, _missing(part, tuple(known), shape))
        shape = Shape(tuple(found)) if len(found) <= _MOST_ALTERNATIVES else ANYTHING
    return shape


def _missing(part: str | int, known: tuple[str, ...], shape: Shape) -> str:
    if isinstance(part, str) and known:
        near = get_close_matches(part, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(known)}"
        return f"cannot have {part!r}; {hint}"
    kinds = " or ".join(sorted(shape.kinds())) or "nothing"
    return f"is {kinds}, and cannot have {part!r}"


def _unfolded(alternatives: Sequence[_Alternative]) -> Iterator[_Alternative]:
    """Put in place of references and choices what they stand for."""
    for each in alternatives:
        yield from _unfold(each, _MOST_REFERENCES)


def _unfold(each: _Alternative, left: int) -> Iterator[_Alternative]:
    schema = each.schema
    if not isinstance(schema, Mapping) or left == 0:
        yield each
        return
    others = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    if isinstance(schema.get("$ref"), str):
        others.append(_referred(schema["$ref"], each.root))
    own = {name: value for name, value in schema.items() if name not in ("anyOf", "oneOf", "allOf", "$ref")}
    if not others or {"properties", "items", "additionalProperties"} & set(own):
        yield _Alternative(own, each.root)
    for other in others:
        yield from _unfold(_Alternative(other, each.root), left - 1)


def _referred(reference: str, root: Schema) -> Schema:
    """Look up a reference within the schema; what cannot be found there may be anything."""
    if not reference.startswith("#"):
        return True
    found: Any = root
    for part in reference.lstrip("#").split("/")[1:]:
        name = unquote(part).replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or name not in found:
            return True
        found = found[name]
    return found if isinstance(found, Mapping | bool) else True


def _below(each: _Alternative, part: str | int) -> Iterator[_Alternative]:
    """Give what may stand in a field or item of a value that one schema describes."""
    schema = each.schema
    if not isinstance(schema, Mapping):
        if schema:
            yield each
        return
    wanted = "object" if isinstance(part, str) else "array"
    types = _types(schema)
    if types and wanted not in types:
        return
    inner = _field(schema, part) if isinstance(part, str) else _item(schema, part)
    if inner is not False:
        yield _Alternative(inner, each.root)


def _types(schema: Schema) -> frozenset[str]:
    """Give the types that a schema names; none where it names none."""
    if not isinstance(schema, Mapping):
        return frozenset()
    named = schema.get("type", ())
    return frozenset([named] if isinstance(named, str) else named)


def _field(schema: Mapping[str, Any], name: str) -> Schema:
    """Give the schema of a field; false where there can be none of that name."""
    properties = schema.get("properties", {})
    if name in properties:
        found: Schema = properties[name]
        return found
    for pattern, described in schema.get("patternProperties", {}).items():
        if _matches(pattern, name):
            other: Schema = described
            return other
    rest: Schema = schema.get("additionalProperties", True)
    return rest


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        # A pattern of JavaScript's that Python does not know: it may fit.
        return True


def _item(schema: Mapping[str, Any], number: int) -> Schema:
    """Give the schema of an item; false where there can be none at that place."""
    first = schema.get("prefixItems", ())
    if 0 <= number < len(first):
        found: Schema = first[number]
        return found
    rest: Schema = schema.get("items", True)
    return rest
