"""What holds for every judge: an answer is the same as itself, and the order of the two makes no difference."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.equality import Different, Same
from tests.equality.comparing import opinion

JUDGES: list[tuple[str, dict[str, Any]]] = [
    ("auto", {}),
    ("text", {}),
    ("text", {"likeness": 0.6}),
    ("fields", {}),
    ("fields", {"absolute": 1, "relative": 0.1, "likeness": 0.5, "lists": "sets"}),
    ("fields", {"ignored": ["a", "[0]"], "at": [{"path": "b", "absolute": 2, "lists": "sets"}]}),
    ("embedding", {"least": 0.5, "numbers": "any"}),
    ("model", {"heed": "prices"}),
]

WORDS = st.lists(st.sampled_from(["a", "b", "B", "not", "1", "1.0", "2", "-2", "%", ".", "\u0301"]), max_size=6)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, 1.0, 1.1]), WORDS.map(" ".join))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=8,
)
ANSWERS = st.one_of(WORDS.map(" ".join), VALUES.map(json.dumps), st.text(max_size=30))


@pytest.mark.parametrize(("judge", "arguments"), JUDGES)
@given(answer=ANSWERS)
async def test_an_answer_is_the_same_as_itself(judge: str, arguments: dict[str, Any], answer: str) -> None:
    assert await opinion(answer, answer, judge, **arguments) == Same()


@pytest.mark.parametrize(("judge", "arguments"), JUDGES)
@given(one=ANSWERS, other=ANSWERS)
async def test_the_order_of_the_two_makes_no_difference(
    judge: str, arguments: dict[str, Any], one: str, other: str
) -> None:
    assert await opinion(one, other, judge, **arguments) == await opinion(other, one, judge, **arguments)


@given(value=VALUES)
async def test_how_a_value_is_written_makes_no_difference(value: Any) -> None:
    one, other = json.dumps(value), json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    assert await opinion(one, other, "fields") == Same()


@given(one=VALUES, other=VALUES)
async def test_a_tolerance_more_never_parts_two_answers(one: Any, other: Any) -> None:
    written = json.dumps(one), json.dumps(other)
    strict = await opinion(*written, "fields")
    loose = await opinion(*written, "fields", absolute=1, relative=0.1, likeness=0.5)
    assert isinstance(strict, Different) or loose == Same()
