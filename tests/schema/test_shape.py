"""Paths in what a schema describes: what can be there is never refused, and what cannot is named."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.schema import NoSuchPath, Schema, Shape, follow, shape_of

TEXT = {"type": "string"}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


PAGE = {
    **closed(
        title=TEXT,
        sections={"type": "array", "items": {"$ref": "#/$defs/section"}},
        image={"anyOf": [{"type": "null"}, closed(src=TEXT)]},
        pair={"type": "array", "prefixItems": [TEXT, closed(a=TEXT)], "items": False},
        notes={"type": "object", "additionalProperties": closed(by=TEXT)},
        codes={"type": "object", "patternProperties": {"^c_": closed(n=TEXT)}, "additionalProperties": False},
        open={"type": "object", "properties": {"a": TEXT}},
        any=True,
        both={"allOf": [closed(one=TEXT), {"properties": {"two": TEXT}}]},
    ),
    "$defs": {"section": closed(id=TEXT, inner={"$ref": "#/$defs/section"})},
}


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("title",),
        ("sections", 0, "id"),
        ("sections", 7, "inner", "inner", "inner", "id"),
        ("image", "src"),
        ("pair", 1, "a"),
        ("notes", "whatever", "by"),
        ("codes", "c_1", "n"),
        ("open", "b", "c", 0),
        ("any", "x", 3, "y"),
        ("both", "one"),
        ("both", "two"),
    ],
)
def test_a_path_that_may_exist_leads_somewhere(path: tuple[str | int, ...]) -> None:
    assert isinstance(follow(shape_of(PAGE), path), Shape)


@pytest.mark.parametrize(
    ("path", "at", "message"),
    [
        (("titel",), 0, "cannot have 'titel'; did you mean title?"),
        (("sections", 0, "name"), 2, "cannot have 'name'; there is id, inner"),
        (("sections", "id"), 1, "is array, and cannot have 'id'"),
        (("title", "text"), 1, "is string, and cannot have 'text'"),
        (("title", 0), 1, "is string, and cannot have 0"),
        (("image", "url"), 1, "cannot have 'url'; there is src"),
        (("pair", 2), 1, "is array, and cannot have 2"),
        (("codes", "d"), 1, "is object, and cannot have 'd'"),
        ((0,), 0, "is object, and cannot have 0"),
    ],
)
def test_a_path_that_cannot_exist_is_named(path: tuple[str | int, ...], at: int, message: str) -> None:
    assert follow(shape_of(PAGE), path) == NoSuchPath(at, message)


def test_references_that_lead_in_a_circle_end() -> None:
    assert isinstance(follow(shape_of({"$ref": "#"}), ["a"]), Shape)


def test_a_list_of_such_values_keeps_their_references() -> None:
    sections = follow(shape_of(PAGE), ["sections", 0])
    assert isinstance(sections, Shape)
    assert isinstance(follow(sections.many(), [3, "inner", "id"]), Shape)
    assert isinstance(follow(sections.many(), ["id"]), NoSuchPath)


def test_kinds_are_those_of_all_alternatives() -> None:
    image = follow(shape_of(PAGE), ["image"])
    assert isinstance(image, Shape)
    assert image.kinds() == {"null", "object"}
    assert shape_of({"anyOf": [TEXT, True]}).kinds() == frozenset()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


def describing(value: Any, draw: st.DrawFn) -> Schema:
    """Make up a schema that a value obeys."""
    exact: Schema
    match value:
        case dict():
            properties = {name: describing(inner, draw) for name, inner in value.items() if draw(st.booleans())}
            exact = {"type": "object", "properties": properties}
            if len(properties) == len(value) and draw(st.booleans()):
                exact["additionalProperties"] = False
        case list():
            exact = {"type": "array", "items": {"anyOf": [describing(each, draw) for each in value] or [True]}}
        case _:
            kind = {type(None): "null", bool: "boolean", int: "integer", str: "string"}[type(value)]
            exact = {"type": [kind, "null"]} if draw(st.booleans()) else {"type": kind}
    match draw(st.integers(0, 3)):
        case 0:
            return {"oneOf": [{"type": "null"}, exact]}
        case 1:
            return draw(st.booleans()) or exact
        case _:
            return exact


def paths_in(value: Any) -> list[tuple[str | int, ...]]:
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [(), *((part, *rest) for part, each in inner for rest in paths_in(each))]


@given(st.data(), values)
def test_no_path_is_refused_that_is_in_a_value_which_obeys_the_schema(data: st.DataObject, value: Any) -> None:
    schema = data.draw(st.composite(lambda draw: describing(value, draw))())
    for path in paths_in(value):
        assert isinstance(follow(shape_of(schema), path), Shape), (schema, path)
