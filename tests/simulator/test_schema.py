"""Simulated values obey the schema that was asked for, whatever it is made of."""

import string
from random import Random
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headchef.simulator.facts import find_facts
from headchef.simulator.prose import MARK, Writer
from headchef.simulator.schema import compile_schema

PROMPT = """Write about this car.
Name: Chevelle Malibu
Horsepower: 130
Origin: USA
{"year": 1970, "electric": false, "price": 3504.5}
"""


def make_value(schema: dict[str, Any], seed: int = 1, prompt: str = PROMPT) -> Any:
    return compile_schema(schema)(Writer(Random(seed), find_facts(prompt)), "", 0)


def assert_obeys(schema: dict[str, Any], seed: int = 1) -> None:
    value = make_value(schema, seed)
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    assert validator.is_valid(value), (schema, value)


names = st.text(string.ascii_letters + "_", min_size=1, max_size=8) | st.sampled_from(
    ["name", "title", "origin", "year"]
)


@st.composite
def strings(draw: st.DrawFn) -> dict[str, Any]:
    least = draw(st.integers(0, 60))
    schema: dict[str, Any] = {"type": "string"}
    if draw(st.booleans()):
        schema["minLength"] = least
    if draw(st.booleans()):
        schema["maxLength"] = least + draw(st.integers(0, 300))
    return schema


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    low = draw(st.integers(-1000, 1000))
    high = low + draw(st.integers(2, 1000))
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = high
    if "maximum" not in schema and draw(st.booleans()):
        schema.pop("exclusiveMaximum", None)
        schema["multipleOf"] = draw(st.sampled_from([1, 2, 5, 0.5, 0.25]))
    return schema


scalars = st.one_of(
    strings(),
    numbers(),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.builds(lambda values: {"enum": values}, st.lists(st.integers() | st.text(max_size=5), min_size=1, max_size=4)),
    st.builds(
        lambda value: {"const": value}, st.integers() | st.text(max_size=5) | st.none() | st.lists(st.integers())
    ),
    st.just({"type": ["string", "null"]}),
    st.builds(
        lambda form: {"type": "string", "format": form}, st.sampled_from(["date", "uuid", "email", "uri", "ipv4"])
    ),
)


def arrays(items: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def array(item: dict[str, Any], least: int, more: int | None) -> dict[str, Any]:
        bound = {} if more is None else {"maxItems": least + more}
        return {"type": "array", "items": item, "minItems": least, **bound}

    return st.builds(array, items, st.integers(0, 5), st.none() | st.integers(0, 3))


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    properties = draw(st.dictionaries(names, inner, max_size=5))
    required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
    schema: dict[str, Any] = {"type": "object", "properties": properties, "required": required}
    closed = draw(st.booleans())
    if closed:
        schema["additionalProperties"] = False
    schema["minProperties"] = draw(st.integers(0, len(properties) if closed else len(properties) + 2))
    if draw(st.booleans()):
        schema["maxProperties"] = max(len(required), schema["minProperties"]) + draw(st.integers(0, 2))
    return schema


schemas = st.recursive(
    scalars,
    lambda inner: (
        arrays(inner)
        | objects(inner)
        | st.builds(lambda branches: {"anyOf": branches}, st.lists(inner, min_size=1, max_size=3))
    ),
    max_leaves=12,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(schema=schemas, seed=st.integers(0, 2**32))
def test_values_obey_random_schemas(schema: dict[str, Any], seed: int) -> None:
    assert_obeys(schema, seed)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        r"^[A-Z]{2}\d{4,6}$",
        r"^(red|green|blue)$",
        r"^\d{4}-\d{2}-\d{2}$",
        r"^#[0-9a-fA-F]{6}$",
        r"^https?://[\w.\-]+/[^\s]*$",
        r"^\+?[1-9]\d{1,14}$",
        r"[^@\s]+@[^@\s]+\.[a-z]{2,}",
        r"^.{3,20}$",
        r"\.$",
        r"^[^<>]*$",
        r"^(?:a|b(?:c|d)?){2}$",
        r"^[\]\-x]+$",
        r"^\w+\s\w+$",
    ],
)
def test_values_match_common_patterns(pattern: str) -> None:
    for seed in range(10):
        assert_obeys({"type": "string", "pattern": pattern}, seed)


def test_patterns_and_lengths_hold_together() -> None:
    slug = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
    for seed in range(30):
        assert_obeys({"type": "string", "pattern": slug, "minLength": 12, "maxLength": 40}, seed)
        assert_obeys({"type": "string", "pattern": slug, "maxLength": 5}, seed)


@pytest.mark.parametrize("pattern", [r"^(?=x)x$", r"^(a)\1$", r"\p{L}+", "(", "[z-", "*a", r"^(?!x)y$"])
def test_a_pattern_beyond_the_common_part_still_gives_a_text(pattern: str) -> None:
    assert isinstance(make_value({"type": "string", "pattern": pattern}), str)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/x", "$defs": {"x": {"type": "integer", "minimum": 7, "maximum": 9}}},
        {"$ref": "#/$defs/x", "maxLength": 3, "$defs": {"x": {"type": "string", "minLength": 2}}},
        {
            "$ref": "#/$defs/node",
            "$defs": {
                "node": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    },
                    "required": ["name", "children"],
                }
            },
        },
        {
            "type": "object",
            "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
            "required": ["next"],
            "additionalProperties": False,
        },
        {"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"type": "integer", "minimum": 3}}}]},
        {"allOf": [{"type": "number", "minimum": 1}, {"type": "integer", "maximum": 2}]},
        {"oneOf": [{"type": "string", "maxLength": 4}, {"type": "integer"}]},
        {"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {"type": "null"}}},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        {"type": "array", "prefixItems": [{"const": 1}], "items": {"type": "string"}, "minItems": 3},
        {"type": "array", "items": {"type": "string", "maxLength": 2}, "minItems": 8, "uniqueItems": True},
        {"type": "array", "items": {"enum": [1, 2, 3, 4]}, "minItems": 4, "uniqueItems": True},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 2, "uniqueItems": True},
        {"type": "array", "items": {"type": "string"}, "minItems": 6, "uniqueItems": True},
        {"type": "array", "items": {"type": "array", "items": {"type": "number"}}, "minItems": 5, "uniqueItems": True},
        {"type": "object", "minProperties": 3, "additionalProperties": {"type": "integer"}},
        {"type": "object", "required": ["x"], "additionalProperties": {"type": "integer", "maximum": 3}},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
        {"type": "number", "multipleOf": 0.01, "minimum": 1.005, "maximum": 1.02},
        {"type": "integer", "minimum": 0.5, "maximum": 1.5},
        {"type": "string", "maxLength": 0},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "hostname"},
        {"properties": {"a": True, "b": {}}, "required": ["a", "b"]},
        {"minLength": 30, "maxLength": 35},
        {},
    ],
)
def test_values_obey_composed_schemas(schema: dict[str, Any]) -> None:
    for seed in range(25):
        assert_obeys(schema, seed)


def test_facts_fill_the_properties_that_they_name() -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "horsepower": {"type": "integer"},
            "year": {"type": "integer", "minimum": 1900},
            "electric": {"type": "boolean"},
            "price": {"type": "number"},
            "origin": {"enum": ["USA"]},
        },
    }
    value = make_value(schema)
    facts = {"name": "Chevelle Malibu", "horsepower": 130, "year": 1970, "electric": False, "price": 3504.5}
    assert value == {**facts, "origin": "USA"}


def test_a_fact_that_breaks_the_schema_is_not_used() -> None:
    assert make_value({"type": "object", "properties": {"year": {"type": "integer", "maximum": 1900}}})["year"] <= 1900


def test_texts_are_marked_and_built_from_the_facts() -> None:
    value = make_value({"type": "object", "properties": {"description": {"type": "string", "minLength": 100}}})
    assert value["description"].startswith(MARK)
    assert any(fact in value["description"] for fact in ("130", "USA", "1970", "3504.5"))


def test_the_same_seed_gives_the_same_value() -> None:
    schema = {"type": "array", "items": {"type": "number"}, "minItems": 5}
    assert make_value(schema, 3) == make_value(schema, 3)
    assert make_value(schema, 3) != make_value(schema, 4)
