"""Asks for structured output in OpenAI's way; strict where the schema is within what strict mode takes."""

from functools import lru_cache
from typing import Any

import orjson

from headchef.catalogue.form import StructuredOutput

_STRICT_KEYWORDS = frozenset(
    {"type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "description"}
    | {"title", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    | {"minItems", "maxItems"}
)
"""From OpenAI's guide to structured outputs; a schema with any other keyword would be refused with 400."""

_FORMS = 1024


def response_format(schema: dict[str, Any], way: StructuredOutput) -> orjson.Fragment | None:
    """Give the request's `response_format`, or None where the model takes none."""
    if way == "none":
        return None
    if way == "json_object":
        return orjson.Fragment(b'{"type":"json_object"}')
    return _json_schema(orjson.dumps(schema))


@lru_cache(maxsize=_FORMS)
def _json_schema(schema: bytes) -> orjson.Fragment:
    parsed = orjson.loads(schema)
    wanted = {"name": "output", "schema": orjson.Fragment(schema), "strict": fits_strict(parsed)}
    return orjson.Fragment(orjson.dumps({"type": "json_schema", "json_schema": wanted}))


def fits_strict(schema: dict[str, Any]) -> bool:
    """Say whether strict mode takes a schema: an object at the root, all properties required, no others allowed."""
    return schema.get("type") == "object" and _fits(schema)


def _fits(schema: object) -> bool:
    if not isinstance(schema, dict) or not schema.keys() <= _STRICT_KEYWORDS:
        return False
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(properties):
            return False
        if not all(_fits(inner) for inner in properties.values()):
            return False
    if schema.get("type") == "array" and "items" not in schema:
        return False
    inners = [schema["items"]] if "items" in schema else []
    return all(_fits(inner) for inner in (*inners, *schema.get("anyOf", ())))
