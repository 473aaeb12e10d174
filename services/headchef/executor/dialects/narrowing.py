"""Narrows a JSON Schema to what Anthropic's structured output takes; what it does not take is said in words.

The keywords are those of Anthropic's guide to structured outputs. Answers are validated against the whole schema all
the same, so that a rule that is only said can be broken, and is noticed.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

import orjson

_KEPT = frozenset({"type", "const", "title", "required", "$ref"})
_LISTS = {"anyOf": "anyOf", "allOf": "allOf", "oneOf": "anyOf"}
_NAMED = ("properties", "$defs", "definitions")
_DEFINITIONS = ("$defs", "definitions")
_DROPPED = frozenset({"$schema", "$id", "$comment", "examples", "default", "additionalProperties", "description"})
_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
_SAY_WHAT = frozenset({"type", "properties", "enum", "const", "anyOf", "allOf", "oneOf", "$ref"})
_SCHEMAS = 1024


class _Inexpressible(Exception):
    """The schema allows what no narrow one can ask for."""


def narrowed(schema: dict[str, Any]) -> orjson.Fragment | None:
    """Give the schema to ask for, as JSON.

    Args:
        schema: of the answer.

    Returns:
        None where it cannot be asked for: an object of any fields, anything at all, a schema within itself or
        elsewhere. The answer is then asked for in the prompt alone.
    """
    return _narrowed(orjson.dumps(schema))


@lru_cache(maxsize=_SCHEMAS)
def _narrowed(schema: bytes) -> orjson.Fragment | None:
    parsed = orjson.loads(schema)
    try:
        _require_an_end(parsed)
        return orjson.Fragment(orjson.dumps(_one(parsed)))
    except _Inexpressible:
        return None


def _one(schema: object) -> dict[str, Any]:
    if not isinstance(schema, dict) or not schema.keys() & _SAY_WHAT:
        raise _Inexpressible
    narrow = {keyword: value for keyword, value in schema.items() if _is_taken(keyword, value)}
    narrow |= {
        _LISTS[keyword]: [_one(each) for each in value] for keyword, value in schema.items() if keyword in _LISTS
    }
    for keyword in filter(schema.__contains__, _NAMED):
        narrow[keyword] = {name: _one(each) for name, each in schema[keyword].items()}
    if "items" in schema:
        narrow["items"] = _one(schema["items"])
    said = [schema["description"]] if isinstance(schema.get("description"), str) else []
    said += [
        f"{keyword}: {orjson.dumps(value).decode()}"
        for keyword, value in schema.items()
        if keyword not in narrow and keyword not in _LISTS and keyword not in _DROPPED
    ]
    if "properties" in narrow or "object" in _types(schema):
        if not narrow.get("properties"):
            raise _Inexpressible
        narrow["additionalProperties"] = False
    if said:
        narrow["description"] = "; ".join(said)
    return narrow


def _is_taken(keyword: str, value: Any) -> bool:
    if keyword == "enum":
        return not any(isinstance(each, dict | list) for each in value)
    if keyword == "format":
        return value in _FORMATS
    if keyword == "minItems":
        return value in (0, 1)
    return keyword in _KEPT


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def _require_an_end(schema: dict[str, Any]) -> None:
    """Refuse references that lead back to where they came from, or to something other than a definition."""
    definitions = {
        f"#/{place}/{name}": inner for place in _DEFINITIONS for name, inner in schema.get(place, {}).items()
    }
    leads = {name: set(_references(inner)) for name, inner in definitions.items()}
    if not set(_references(schema)) | set().union(*leads.values()) <= definitions.keys():
        raise _Inexpressible
    try:
        TopologicalSorter(leads).prepare()
    except CycleError as error:
        raise _Inexpressible from error


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _references(each)
    elif isinstance(schema, dict):
        for keyword, value in schema.items():
            if keyword == "$ref" and isinstance(value, str):
                yield value
            elif keyword not in _DEFINITIONS:
                yield from _references(value)
