"""Schemas are compiled once, never fetched from anywhere, and cannot bring the process down."""

import json
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from headchef.schema import MAX_DEPTH, SchemaCache, SchemaRefused, compile_schema, depth_of

TREE = {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}


def nested(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = [value]
    return value


def doubling(levels: int) -> dict[str, Any]:
    names = {f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": {**names, f"a{levels}": {"type": "string"}}}


def findings(schema: dict[str, Any], value: Any, **limits: int) -> list[tuple[str, str]]:
    known = {"max_findings": 50, "max_message_characters": 100}
    return [(each.path, each.message) for each in compile_schema(schema).findings(value, **(known | limits))]


def test_findings_name_the_path() -> None:
    schema = {"properties": {"a/b": {"items": {"type": "string", "maxLength": 3}}}, "required": ["c"]}
    found = findings(schema, {"a/b": ["x", 1, "long enough"]})
    assert sorted(path for path, _ in found) == ["", "/a~1b/1", "/a~1b/2"]
    assert any("required" in message for _, message in found)


def test_what_is_said_is_bounded() -> None:
    found = findings({"items": {"type": "string"}}, [[1] * 1_000] * 100, max_findings=7, max_message_characters=60)
    assert len(found) == 7
    assert all(len(message) == 60 for _, message in found)
    [(path, _)] = findings({"additionalProperties": False}, {"x" * 9: 1}, max_findings=1)
    assert path == ""
    [(path, _)] = findings({"additionalProperties": {"type": "string"}}, {"x" * 9_000: 1}, max_findings=1)
    assert len(path) == 300


@pytest.mark.parametrize(
    ("schema", "path", "message"),
    [
        ({"type": "objekt"}, "type", "objekt"),
        ({"properties": {"a": {"minLength": -1}}}, "properties.a.minLength", "minimum"),
        ({"pattern": "("}, "pattern", "regex"),
        ({"$schema": "https://example.com/own"}, "", "meta-schema"),
        ({"$schema": 5}, "$schema", "string"),
        ({"$ref": "#/$defs/none"}, "", "/$defs/none"),
        ({"const": nested(1, 70)}, "", "64 levels"),
        (doubling(60), "", "references written out"),
        ({"$ref": "#/$defs/a", "$defs": {f"a{n}": {} for n in range(3_000)}}, "", "2000"),
    ],
)
def test_bad_schemas_are_refused(schema: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SchemaRefused) as refused:
        compile_schema(schema)
    assert refused.value.path == path
    assert message in refused.value.message


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """A server that keeps what it is asked for."""
    asked: list[bytes] = []

    class Keep(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline())

    with socketserver.TCPServer(("127.0.0.1", 0), Keep) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "URL/x.json"},
        {"properties": {"a": {"$ref": "URL/x.json#/a"}}},
        {"$id": "URL/own.json", "$ref": "x.json"},
        {"$schema": "URL/meta.json"},
        {"$dynamicRef": "URL/x.json#a"},
        {"$ref": "file:///etc/hostname"},
    ],
)
def test_nothing_is_ever_fetched(schema: dict[str, Any], listener: tuple[str, list[bytes]]) -> None:
    url, asked = listener
    with pytest.raises(SchemaRefused):
        compile_schema(json.loads(json.dumps(schema).replace("URL", url)))
    assert asked == []


def test_published_meta_schemas_are_built_in() -> None:
    assert findings({"$ref": "https://json-schema.org/draft/2020-12/schema"}, {"type": 5})
    assert not findings({"$schema": "http://json-schema.org/draft-07/schema#", "type": ["object", "null"]}, None)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$dynamicAnchor": "x", "$dynamicRef": "#x"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    ],
)
def test_circles_end(schema: dict[str, Any]) -> None:
    assert findings(schema, {"a": 1}) == []


def test_the_deeper_a_schema_may_go_the_less_deep_an_answer_may_be() -> None:
    chain = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(900)} | {"a900": {"items": {"$ref": "#/$defs/a0"}}}
    compiled = compile_schema({"$ref": "#/$defs/a0", "$defs": chain})
    assert compile_schema(TREE).max_depth == compile_schema({}).max_depth == MAX_DEPTH
    assert compiled.max_depth == 22
    assert compiled.findings(nested(1, 22), max_findings=1, max_message_characters=50) == ()


def test_backtracking_patterns_end() -> None:
    assert findings({"pattern": "^(a+)+$"}, "a" * 5_000 + "!")
    assert findings({"pattern": r"^(a+)+(?=x)\1$"}, "a" * 5_000 + "!")


def test_compiled_schemas_are_kept_within_a_bound() -> None:
    cache = SchemaCache(2)
    first = cache.compiled({"const": 1})
    cache.compiled({"const": 2})
    assert cache.compiled({"const": 1}) is first
    cache.compiled({"const": 3})
    assert len(cache) == 2
    assert cache.compiled({"const": 1}) is first


def test_refused_schemas_are_remembered() -> None:
    cache = SchemaCache(2)
    for _ in range(2):
        with pytest.raises(SchemaRefused, match="objekt"):
            cache.compiled({"type": "objekt"})
    assert len(cache) == 1


@pytest.mark.parametrize(
    ("value", "depth"), [(1, 0), ("[[", 0), ([], 1), ({}, 1), ([[1], 2], 2), ({"a": [{}]}, 3), (nested(1, 99), 6)]
)
def test_depth(value: Any, depth: int) -> None:
    assert depth_of(value, 5) == depth
