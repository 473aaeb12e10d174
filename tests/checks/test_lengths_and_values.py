"""Checks of lengths and values: what passes, what does not, and in which words."""

from typing import Any

import pytest

from headchef.checks import BadCheck, installed, read_check


def said(output: Any, **asked: Any) -> list[str]:
    """Give what a check says of an output."""
    return [f"{each.path} {each.message}".strip() for each in read_check(asked, installed()).findings(output, 500)]


def refused(**asked: Any) -> list[str]:
    with pytest.raises(BadCheck) as bad:
        read_check(asked, installed())
    faults = [f"{'.'.join(map(str, place))}: {message}" for place, message in bad.value.faults]
    return [fault.partition(" (expected: ")[0] for fault in faults]


@pytest.mark.parametrize(
    ("output", "asked", "found"),
    [
        ("x" * 30, {"check": "chars", "min": 30, "max": 60}, []),
        ("x" * 60, {"check": "chars", "min": 30, "max": 60}, []),
        ("x" * 29, {"check": "chars", "min": 30}, ["has 29 characters, and needs at least 30"]),
        ("x" * 61, {"check": "chars", "max": 60}, ["has 61 characters, and may have at most 60"]),
        ("Zürich 🙂", {"check": "chars", "min": 8, "max": 8}, []),
        ("one – two,  three\n", {"check": "words", "min": 3, "max": 3}, []),
        ("one", {"check": "words", "min": 2}, ["has 1 words, and needs at least 2"]),
        ([1, 2], {"check": "array_len", "min": 3}, ["has 2 items, and needs at least 3"]),
        ("text", {"check": "array_len", "min": 3}, ["is string, and array_len looks at array"]),
        ("new", {"check": "one_of", "values": ["new", "used"]}, []),
        ("neu", {"check": "one_of", "values": ["new", "used"]}, ['is "neu", and must be one of "new", "used"']),
        (True, {"check": "one_of", "values": [1, None]}, ["is true, and must be one of 1, null"]),
        (1, {"check": "one_of", "values": [True]}, ["is 1, and must be one of true"]),
        (1.0, {"check": "one_of", "values": [1]}, []),
        (None, {"check": "one_of", "values": ["new", None]}, []),
        ("AB-12", {"check": "matches", "pattern": "^[A-Z]{2}-[0-9]+$"}, []),
        ("see AB-12", {"check": "matches", "pattern": "[A-Z]{2}-[0-9]+"}, []),
        ("ab-12", {"check": "matches", "pattern": "^[A-Z]"}, ['is "ab-12", and does not match ^[A-Z]']),
    ],
)
def test_what_a_check_finds(output: Any, asked: dict[str, Any], found: list[str]) -> None:
    assert said(output, **asked) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"check": "chars"}, [": give `min`, `max` or both"]),
        ({"check": "chars", "min": 5, "max": 4}, [": `min` is 5 and `max` 4: nothing lies between"]),
        (
            {"check": "chars", "min": -1},
            ["min: Input should be greater than or equal to 0"],
        ),
        ({"check": "chars", "min": True}, ["min: Input should be a valid integer"]),
        ({"check": "chars", "maximum": 60}, ["maximum: unknown field; did you mean max?"]),
        ({"check": "char", "max": 60}, ["check: there is no check 'char'; did you mean chars?"]),
        (
            {"check": "one_of", "values": []},
            ["values: must have 1 item at least, and has 0"],
        ),
        ({"check": "one_of"}, ["values: is missing"]),
        (
            {"check": "matches", "pattern": "(a+)+\\1"},
            ["pattern: is no regular expression of the kind without look-around and references back, or too large"],
        ),
        (
            {"check": "chars", "path": "a..b", "mx": 1},
            [
                "path: is no path at '..b': write title, meta.title, edits[].new or sections[0]",
                "mx: unknown field; did you mean max?",
            ],
        ),
    ],
)
def test_what_cannot_be_asked_is_named_with_what_would_be_right(asked: dict[str, Any], found: list[str]) -> None:
    assert refused(**asked) == found


def test_what_would_be_right_is_said_with_what_is_wrong() -> None:
    with pytest.raises(BadCheck, match=r"values: is missing \(expected: what it may be, such as \[new, used\]\)"):
        read_check({"check": "one_of"}, installed())


def test_a_pattern_that_makes_other_engines_slow_takes_no_time_here() -> None:
    # Backtracking engines try 2^50 ways.
    assert said("a" * 50 + "!", check="matches", pattern="^(a+)+$") != []
