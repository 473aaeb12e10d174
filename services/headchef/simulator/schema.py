"""Compiles a JSON Schema into a maker of values that obey it.

Known: type, enum, const, properties, required, additionalProperties, min/maxProperties, items, prefixItems,
min/maxItems, uniqueItems, min/maxLength, pattern (its common part), format, numeric bounds, multipleOf, anyOf, oneOf,
allOf, local $ref. Other keywords are passed over: the validator then finds what a real model would also get wrong.
"""

from typing import Any

import orjson

from headchef.simulator.merging import Schema, merge
from headchef.simulator.prose import Writer
from headchef.simulator.scalars import Maker, number_maker, string_maker

_PLAIN_DEPTH = 5
"""From this depth on, arrays are as short as allowed and optional properties are left out, so that recursion ends."""

_MAX_DEPTH = 30
_UNIQUE_TRIES = 200
_KINDS = (
    ("object", ("properties", "required", "additionalProperties", "minProperties")),
    ("array", ("items", "prefixItems", "minItems", "maxItems")),
    ("string", ("minLength", "maxLength", "pattern", "format")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)


def compile_schema(schema: Schema) -> Maker:
    """Compile a schema; its parts are compiled when they are first needed."""
    return _Part(schema, schema)


class _Part:
    """A schema within a root, compiled at its first use: recursion is in the data, not in the compiler."""

    __slots__ = ("_maker", "_root", "_schema")

    def __init__(self, root: Schema, schema: Schema | bool) -> None:
        self._root = root
        self._schema = schema
        self._maker: Maker | None = None

    def __call__(self, writer: Writer, name: str, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            return None
        if self._maker is None:
            self._maker = _compile(self._root, self._schema)
        return self._maker(writer, name, depth)


def _compile(root: Schema, schema: Schema | bool) -> Maker:
    schema = _flattened(root, schema if isinstance(schema, dict) else {})
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return _choice_maker(root, schema, keyword)
    if "const" in schema:
        value = schema["const"]
        return lambda writer, name, depth: value
    if "enum" in schema:
        values = list(schema["enum"]) or [None]
        return lambda writer, name, depth: values[int(writer.random.random() * len(values))]
    kind = _kind(schema)
    if kind == "object":
        return _object_maker(root, schema)
    if kind == "array":
        return _array_maker(root, schema)
    if kind in ("number", "integer"):
        return number_maker(schema, integer=kind == "integer")
    if kind == "boolean":
        return _make_boolean
    return string_maker(schema) if kind == "string" else lambda writer, name, depth: None


def _flattened(root: Schema, schema: Schema) -> Schema:
    """Follow $ref and merge allOf until neither is left."""
    for _ in range(_MAX_DEPTH):
        if "$ref" in schema:
            rest = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
            schema = merge(_resolved(root, str(schema["$ref"])), rest)
        elif "allOf" in schema:
            parts = [part for part in schema["allOf"] if isinstance(part, dict)]
            schema = {keyword: value for keyword, value in schema.items() if keyword != "allOf"}
            for part in parts:
                schema = merge(schema, _flattened(root, part))
        else:
            break
    return schema


def _resolved(root: Schema, reference: str) -> Schema:
    found: Any = root
    for part in reference.lstrip("#").strip("/").split("/"):
        if part:
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    return next((guess for guess, keywords in _KINDS if any(word in schema for word in keywords)), "string")


def _make_boolean(writer: Writer, name: str, depth: int) -> bool:
    known = writer.fact(name)
    return known if isinstance(known, bool) else writer.random.random() < 0.5


def _choice_maker(root: Schema, schema: Schema, keyword: str) -> Maker:
    rest = {word: value for word, value in schema.items() if word != keyword}
    branches = [merge(rest, _flattened(root, branch)) for branch in schema[keyword] if isinstance(branch, dict)]
    makers = [_Part(root, branch) for branch in branches] or [_Part(root, rest)]
    plainest = makers[min(range(len(branches)), key=lambda at: _weight(branches[at]))] if branches else makers[0]

    def make(writer: Writer, name: str, depth: int) -> Any:
        maker = plainest if depth >= _PLAIN_DEPTH else makers[int(writer.random.random() * len(makers))]
        return maker(writer, name, depth)

    return make


def _weight(branch: Schema) -> int:
    if "const" in branch or "enum" in branch:
        return 0
    return {"null": 0, "object": 3, "array": 2}.get(_kind(branch), 1)


def _object_maker(root: Schema, schema: Schema) -> Maker:
    properties: dict[str, Any] = schema.get("properties", {})
    more: Schema | bool = schema.get("additionalProperties", True)
    extra = _Part(root, more)
    required = list(dict.fromkeys(schema.get("required", ())))
    optional = [name for name in properties if name not in required and properties[name] is not False]
    makers = {name: _Part(root, properties.get(name, more)) for name in (*required, *optional)}
    order = [name for name in properties if name in makers] + [name for name in required if name not in properties]
    least, most = int(schema.get("minProperties", 0)), int(schema.get("maxProperties", len(order) + 1000))

    def make(writer: Writer, name: str, depth: int) -> dict[str, Any]:
        spare = (least if depth >= _PLAIN_DEPTH else most) - len(required)
        chosen = {*required, *optional[: max(0, spare)]}
        value = {key: makers[key](writer, key, depth + 1) for key in order if key in chosen}
        number = 1
        while len(value) < least and more is not False:
            value.setdefault(f"extra_{number}", extra(writer, "", depth + 1))
            number += 1
        return value

    return make


def _array_maker(root: Schema, schema: Schema) -> Maker:
    firsts = [_Part(root, first) for first in schema.get("prefixItems", ())]
    items = schema.get("items", True)
    rest = _Part(root, items)
    least, most = int(schema.get("minItems", 0)), schema.get("maxItems")
    if items is False:
        most = min(len(firsts), len(firsts) if most is None else int(most))
    unique = bool(schema.get("uniqueItems"))

    def make(writer: Writer, name: str, depth: int) -> list[Any]:
        more = 1 + int(writer.random.random() * 3)
        wanted = least if depth >= _PLAIN_DEPTH else max(least, len(firsts), more)
        wanted = wanted if most is None else min(wanted, int(most))
        makers = (firsts[number] if number < len(firsts) else rest for number in range(wanted))
        if not unique:
            return [maker(writer, name, depth + 1) for maker in makers]
        return _distinct(list(makers), writer, name, depth + 1)

    return make


def _distinct(makers: list[_Part], writer: Writer, name: str, depth: int) -> list[Any]:
    values: list[Any] = []
    seen: set[bytes] = set()
    for maker in makers:
        for attempt in range(_UNIQUE_TRIES):
            writer.scrambled = attempt > 2
            value = maker(writer, name, depth)
            mark = orjson.dumps(_levelled(value), option=orjson.OPT_SORT_KEYS)
            if mark not in seen:
                seen.add(mark)
                values.append(value)
                break
    writer.scrambled = False
    return values


def _levelled(value: Any) -> Any:
    """Make numbers that JSON Schema holds equal, such as 1 and 1.0, the same."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_levelled(item) for item in value]
    return {key: _levelled(item) for key, item in value.items()} if isinstance(value, dict) else value
