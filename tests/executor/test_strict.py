"""How a schema is asked for, and when strictly."""

from typing import Any

import orjson
import pytest

from headchef.catalogue.form import StructuredOutput
from headchef.executor.dialects.strict import fits_strict, response_format

STRICT: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "integer"}}},
    "required": ["a", "b"],
    "additionalProperties": False,
}


def test_a_schema_is_sent_as_it_is() -> None:
    form = orjson.loads(orjson.dumps(response_format(STRICT, "json_schema")))
    assert form == {"type": "json_schema", "json_schema": {"name": "output", "schema": STRICT, "strict": True}}


@pytest.mark.parametrize(("way", "form"), [("json_object", {"type": "json_object"}), ("none", None)])
def test_other_ways(way: StructuredOutput, form: dict[str, str] | None) -> None:
    assert orjson.loads(orjson.dumps(response_format(STRICT, way))) == form


@pytest.mark.parametrize(
    "change",
    [
        {"type": "array", "items": {"type": "string"}},
        {"additionalProperties": True},
        {"required": ["a"]},
        {"properties": {"a": {"type": "string", "minLength": 3}, "b": {"type": "null"}}},
        {"properties": {"a": {"type": "object"}, "b": {"type": "null"}}},
        {"properties": {"a": {"type": "array"}, "b": {"type": "null"}}},
        {"properties": {"a": {"anyOf": [{"type": "string", "format": "x"}]}, "b": {"type": "null"}}},
        {"properties": {"a": True, "b": {"type": "null"}}},
        {"allOf": []},
    ],
)
def test_what_strict_mode_would_refuse_is_not_asked_for_strictly(change: dict[str, Any]) -> None:
    assert fits_strict(STRICT)
    assert not fits_strict(STRICT | change)
