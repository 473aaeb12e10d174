"""The judge of structured answers: which differences tolerances take, and where they hold."""

import json
from typing import Any

import pytest

from headchef.equality import Different
from tests.equality.comparing import opinion, same


async def alike(one: Any, other: Any, **arguments: Any) -> bool:
    """Compare two values as models would write them, each in a manner of its own."""
    return await same(json.dumps(one), f"```json\n{json.dumps(other, indent=1)}\n```", "fields", **arguments)


async def why(one: Any, other: Any, **arguments: Any) -> str:
    found = await opinion(json.dumps(one), json.dumps(other), "fields", **arguments)
    assert isinstance(found, Different)
    return found.why


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": [True, None]}, {"b": [True, None], "a": 1.0}),
        ({"title": "A day, out"}, {"title": "a day out."}),
        ([], []),
        ("a text", "A text!"),
        (7, 7.0),
    ],
)
async def test_how_it_is_written_makes_no_difference(one: Any, other: Any) -> None:
    assert await alike(one, other)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"a": 1}, {"a": 2}, "a: is 1 in one and 2 in the other"),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, "a.b: one says 'x' where the other says 'y'"),
        ({"a": 1}, {}, "a: only one has it"),
        ({"a": None}, {}, "a: only one has it"),
        ({"a": 1}, {"a": True}, "a: differs"),
        ({"a": 1}, {"a": "1"}, "a: is of another kind"),
        ({"a": None}, {"a": 0}, "a: is of another kind"),
        ([1, 2], [2, 1], "[0]: is 1 in one and 2 in the other"),
        ([1], [1, 1], "the answer: has 2 items in one and 1 in the other"),
        ([{"a": []}], [{"a": [1]}], "[0].a: has 1 items in one and 0 in the other"),
    ],
)
async def test_a_difference_is_named_with_its_place(one: Any, other: Any, said: str) -> None:
    assert await why(one, other) == said


async def test_numbers_may_differ_by_an_amount_or_a_share() -> None:
    assert await alike({"a": 1.0}, {"a": 1.1}, absolute=0.1)
    assert not await alike({"a": 1.0}, {"a": 1.11}, absolute=0.1)
    assert await alike({"a": 100}, {"a": 99}, relative=0.01)
    assert not await alike({"a": 100}, {"a": 98.9}, relative=0.01)
    assert await alike({"a": -100}, {"a": -99}, relative=0.01)
    assert not await alike({"a": 1}, {"a": -1}, relative=1)


async def test_texts_within_may_be_alike() -> None:
    assert await alike({"a": "one two three four"}, {"a": "one two three five"}, likeness=0.75)
    assert not await alike({"a": "one two three four"}, {"a": "one two three five"}, likeness=0.8)


async def test_lists_may_be_sets() -> None:
    assert await alike({"a": [1, "b", {"c": 2}, 1]}, {"a": [{"c": 2}, 1, "B"]}, lists="sets")
    assert await why({"a": [1, 2]}, {"a": [1]}, lists="sets") == "a[]: only one has 2"
    assert await why({"a": []}, {"a": [1]}, lists="sets") == "a[]: only one has 1"
    assert await alike([1.0, 5.0], [5.1, 1.05, 0.95], lists="sets", absolute=0.1)


async def test_a_field_may_be_left_out() -> None:
    one, other = {"a": 1, "items": [{"id": 1, "n": 2}]}, {"a": 1, "b": 0, "items": [{"id": 9, "n": 2}]}
    assert await alike(one, other, ignored=["b", "items[].id"])
    assert await why(one, other, ignored=["items[].id"]) == "b: only one has it"
    assert await alike([{"id": 1}, {"id": 2}], [{"id": 3}, {"id": 2}], ignored=["[0].id"])
    assert not await alike([{"id": 1}, {"id": 2}], [{"id": 1}, {"id": 3}], ignored=["[0].id"])
    assert await alike({"a": [1, 2]}, {"a": [3, 4]}, ignored=["a[]"], lists="sets")


async def test_a_field_may_have_tolerances_of_its_own() -> None:
    one = {"price": 10.0, "score": 10.0, "tags": ["a", "b"], "rows": [1, 2]}
    other = {"price": 10.4, "score": 10.0, "tags": ["b", "a"], "rows": [1, 2]}
    at = [{"path": "price", "absolute": 0.5}, {"path": "tags", "lists": "sets"}]
    assert await alike(one, other, at=at)
    assert await why({**one, "score": 10.4}, other, at=at) == "score: is 10.4 in one and 10.0 in the other"
    assert await why({**one, "rows": [2, 1]}, other, at=at) == "rows[0]: is 2 in one and 1 in the other"


async def test_the_deeper_of_two_rules_holds() -> None:
    at = [{"path": "a", "absolute": 5}, {"path": "a.b", "absolute": 0}]
    assert await alike({"a": {"b": 1, "c": 1}}, {"a": {"b": 1, "c": 4}}, at=at)
    assert await why({"a": {"b": 1}}, {"a": {"b": 2}}, at=at) == "a.b: is 1 in one and 2 in the other"


async def test_an_answer_that_is_no_json_is_the_same_as_itself_alone() -> None:
    assert await same("no JSON", "no JSON", "fields")
    found = await opinion("no JSON", "{}", "fields")
    assert found == Different("one cannot be read: json: there is no JSON array or object in the answer")


async def test_prose_around_the_json_is_not_compared() -> None:
    assert await same('Here you are: {"a": 1}', '{"a": 1}', "fields")
