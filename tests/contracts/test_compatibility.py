"""Comparing schemas: what breaks a published version, and what only widens it."""

from typing import Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from headchef_contracts.json_schema import schema_of
from headchef_contracts.registry import REGISTRY

from contract_checks.compatibility import differences
from contract_checks.publication import notices
from tests.contracts.versions import HELD_BACK, ONE_VERSION, TWO_VERSIONS, DishServedV1, DishServedV2

KEY = ("test.dish.served", 1)


class Side(BaseModel):
    """Something beside a dish."""

    name: str


class Dish(BaseModel):
    """What the tests change, a field at a time."""

    name: str = Field(max_length=50, pattern="^[a-z]+$")
    portions: int = 1
    kind: Literal["hot", "cold"] = "hot"
    side: Side | None = None
    labels: dict[str, str] = Field(default_factory=dict)


def found(**changes: Any) -> list[tuple[str, bool]]:
    changed = create_model("Dish", __base__=Dish, **changes)
    return [(each.path, each.breaks) for each in differences(Dish.model_json_schema(), changed.model_json_schema())]


class TallSide(Side):
    height_cm: float


class OptionalSide(Side):
    height_cm: float | None = None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": (str, Field(max_length=40, pattern="^[a-z]+$"))}, "name"),
        ({"name": (str, Field(max_length=50, pattern="^[a-y]+$"))}, "name"),
        ({"name": (str, Field(max_length=50, min_length=1, pattern="^[a-z]+$"))}, "name"),
        ({"name": (int, ...)}, "name"),
        ({"portions": (int, 2)}, "portions"),
        ({"portions": (int, ...)}, "portions"),
        ({"portions": (str, "1")}, "portions"),
        ({"kind": (Literal["hot"], "hot")}, "kind"),
        ({"side": (Side, Side(name="rice"))}, "side"),
        ({"side": (TallSide | None, None)}, "side.height_cm"),
        ({"side": (str | None, None)}, "side"),
        ({"labels": (dict[str, int], Field(default_factory=dict))}, "labels.*"),
        ({"new": (str, ...)}, "new"),
    ],
)
def test_a_break_is_found_at_its_field(changes: dict[str, Any], field: str) -> None:
    assert field in [path for path, breaks in found(**changes) if breaks]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": (str, Field(max_length=60, pattern="^[a-z]+$"))}, "name"),
        ({"name": (str, Field(max_length=50))}, "name"),
        ({"portions": (float, 1)}, "portions"),
        ({"kind": (Literal["hot", "cold", "raw"], "hot")}, "kind"),
        ({"side": (OptionalSide | None, None)}, "side.height_cm"),
        ({"side": (Side | str | None, None)}, "side"),
        ({"new": (str, "")}, "new"),
    ],
)
def test_a_widening_is_found_and_breaks_nothing(changes: dict[str, Any], field: str) -> None:
    assert found(**changes) == [(field, False)]


def test_a_removed_field_breaks() -> None:
    old, new = Dish.model_json_schema(), Dish.model_json_schema()
    del new["properties"]["portions"]
    assert [(each.path, each.breaks, each.what) for each in differences(old, new)] == [
        ("portions", True, "the field was removed")
    ]


def test_refusing_unknown_fields_breaks_and_taking_them_does_not() -> None:
    class Strict(Dish):
        model_config = ConfigDict(extra="forbid")

    loose, strict = Dish.model_json_schema(), Strict.model_json_schema()
    assert [each.breaks for each in differences(loose, strict)] == [True]
    assert [each.breaks for each in differences(strict, loose)] == [False]


def test_words_do_not_count() -> None:
    old = Dish.model_json_schema()
    assert differences(old, old | {"title": "Plate", "description": "another text"}) == []


def test_a_schema_that_contains_itself_is_compared_to_an_end() -> None:
    class Course(BaseModel):
        name: str
        next: "Course | None" = None

    old, new = Course.model_json_schema(), Course.model_json_schema()
    new["$defs"]["Course"]["properties"]["name"]["type"] = "integer"
    assert [(each.path, each.breaks) for each in differences(old, new)] == [("name", True)]


class Changed(DishServedV1):
    event_type: ClassVar[str] = "test.dish.served"
    version: ClassVar[int] = 1

    chef: str


def test_a_break_says_what_to_do() -> None:
    published = {("headchef.job.finished", 1): schema_of(Changed)}
    texts = [each.text for each in notices(REGISTRY, published) if each.fails]
    assert any(
        text.startswith(
            "headchef.job.finished version 1: name: the field was removed; a published version never changes"
        )
        and "add version 2 with an upcaster from 1" in text
        and "read a release before it is written" in text
        for text in texts
    )


def test_a_deleted_version_fails() -> None:
    (notice,) = notices(ONE_VERSION, {KEY: schema_of(DishServedV1), ("test.dish.served", 7): {}})
    assert notice.fails
    assert "test.dish.served version 7 was deleted; put its model, upcaster and schemas/" in notice.text


def test_a_new_version_must_be_held_back() -> None:
    (notice,) = notices(TWO_VERSIONS, {KEY: schema_of(DishServedV1)})
    assert notice.fails
    assert "version 2 is new, and would be written at once; hold it back" in notice.text
    (notice,) = notices(HELD_BACK, {KEY: schema_of(DishServedV1)})
    assert not notice.fails
    assert "version 2 is new and held back: deploy in any order" in notice.text


def test_a_version_is_written_once_the_release_before_reads_it() -> None:
    published = {KEY: schema_of(DishServedV1), ("test.dish.served", 2): schema_of(DishServedV2)}
    assert not list(notices(TWO_VERSIONS, published))
