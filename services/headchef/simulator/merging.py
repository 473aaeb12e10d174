"""Merges two JSON Schemas into one that asks for both, for allOf and for keywords beside $ref and anyOf."""

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]


def merge(left: Schema, right: Schema) -> Schema:
    """Give a schema whose values obey both, for the keywords that the simulator knows."""
    merged = dict(left)
    for keyword, value in right.items():
        join = _JOINS.get(keyword)
        merged[keyword] = join(merged[keyword], value) if join and keyword in merged else value
    return merged


def _properties(left: Schema, right: Schema) -> Schema:
    return left | {name: _both(left[name], schema) if name in left else schema for name, schema in right.items()}


def _both(left: object, right: object) -> object:
    if isinstance(left, dict) and isinstance(right, dict):
        return merge(left, right)
    return right if left is True else left


def _union(left: list[Any], right: list[Any]) -> list[Any]:
    return left + [item for item in right if item not in left]


def _common(left: list[Any], right: list[Any]) -> list[Any]:
    return [item for item in left if item in right]


def _types(left: object, right: object) -> object:
    lefts, rights = (kind if isinstance(kind, list) else [kind] for kind in (left, right))
    if "integer" in rights and "number" in lefts:
        lefts = [*lefts, "integer"]
    if "integer" in lefts and "number" in rights:
        rights = [*rights, "integer"]
    return _common(lefts, rights)


_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "enum": _common,
    "properties": _properties,
    "required": _union,
    "items": _both,
    "additionalProperties": _both,
    "allOf": _union,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
