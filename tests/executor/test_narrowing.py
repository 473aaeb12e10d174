"""What is left of a schema for Anthropic, and when nothing can be asked for."""

from itertools import pairwise
from typing import Any

import orjson
import pytest

from headchef.executor.dialects.narrowing import narrowed


def narrow(schema: dict[str, Any]) -> Any:
    found = narrowed(schema)
    return None if found is None else orjson.loads(orjson.dumps(found))


def of(schema: dict[str, Any]) -> Any:
    """Narrow a schema that is one field of an object."""
    return narrow({"type": "object", "properties": {"a": schema}, "required": ["a"]})["properties"]["a"]


def test_objects_take_no_other_fields_and_keep_what_is_required() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"], "additionalProperties": True}
    assert narrow({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}) == {
        "type": "object",
        "properties": {"a": {"type": "null"}},
        "required": ["a"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"type": "string"}, {"type": "string"}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"enum": ["a", 1, None]}, {"enum": ["a", 1, None]}),
        ({"const": "a"}, {"const": "a"}),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
        ({"type": "string", "format": "iban"}, {"type": "string", "description": 'format: "iban"'}),
        (
            {"type": "string", "description": "A title.", "minLength": 3, "maxLength": 60},
            {"type": "string", "description": "A title.; minLength: 3; maxLength: 60"},
        ),
        ({"type": "integer", "minimum": 1}, {"type": "integer", "description": "minimum: 1"}),
        ({"type": "string", "pattern": "^a+$"}, {"type": "string", "description": 'pattern: "^a+$"'}),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
        ),
        (
            {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3},
            {"type": "array", "items": {"type": "number"}, "description": "minItems: 2; maxItems: 3"},
        ),
        (
            {"oneOf": [{"type": "string"}, {"type": "integer", "maximum": 3}]},
            {"anyOf": [{"type": "string"}, {"type": "integer", "description": "maximum: 3"}]},
        ),
        (
            {"type": "string", "enum": ["a"], "not": {"const": "b"}},
            {"type": "string", "enum": ["a"], "description": 'not: {"const":"b"}'},
        ),
        (
            {"type": "array", "enum": [["a"]]},
            {"type": "array", "description": 'enum: [["a"]]'},
        ),
    ],
)
def test_what_cannot_be_asked_for_is_said(given: dict[str, Any], asked: dict[str, Any]) -> None:
    assert of(given) == asked


def test_definitions_are_narrowed_where_they_stand() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/word"}},
        "$defs": {"word": {"type": "string", "maxLength": 9}},
    }
    assert narrow(schema) == {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/word"}},
        "$defs": {"word": {"type": "string", "description": "maxLength: 9"}},
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {"a": True}},
        {"type": "array", "items": {"type": "object"}},
        {"type": "array", "items": False},
        {"$ref": "#"},
        {"$ref": "https://schemas.acme.test/word"},
        {"type": "object", "properties": {"a": {"$ref": "#/properties/b"}, "b": {"type": "string"}}},
        {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}},
        {
            "$ref": "#/$defs/a",
            "$defs": {
                "a": {"type": "array", "items": {"$ref": "#/$defs/b"}},
                "b": {"type": "array", "items": {"$ref": "#/$defs/a"}},
            },
        },
    ],
)
def test_what_no_narrow_schema_can_ask_for_is_not_asked(schema: dict[str, Any]) -> None:
    assert narrowed(schema) is None


def test_definitions_that_lead_to_many_others_take_no_time() -> None:
    """Each names the next one twice: 2^60 ways through them, and sixty definitions."""
    names = [f"d{number}" for number in range(60)]
    definitions = {name: {"anyOf": [{"$ref": f"#/$defs/{further}"}] * 2} for name, further in pairwise(names)}
    schema = {"$ref": "#/$defs/d0", "$defs": {**definitions, names[-1]: {"type": "string"}}}
    assert len(narrow(schema)["$defs"]) == 60
