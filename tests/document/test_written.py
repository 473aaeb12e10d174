"""Values are written so that people can read them and programs can read them back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headchef.document import differing, jsonable, read_document, written

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@example({"\x85": "a\u2028b"})
@example("a\r\nb \n")
def test_what_is_written_is_read_back_as_it_was(value: object) -> None:
    assert read_document(written(value).encode()).data == value


def test_the_lines_of_a_text_stand_below_each_other() -> None:
    assert (
        written({"b": "one\n  two: 2\n", "a": ["yes", 1, True]})
        == "a:\n- 'yes'\n- 1\n- true\nb: |\n  one\n    two: 2\n"
    )


def test_what_is_there_twice_is_written_twice() -> None:
    part = {"title": "Canals"}
    assert written([part, part]) == "- title: Canals\n- title: Canals\n"


def test_a_difference_is_told_by_lines() -> None:
    before, after = {"text": "one\ntwo\nthree\n", "n": 1}, {"n": 1, "text": "one\n2\nthree\n"}
    assert differing(before, after, ("old", "new"), context=0) == "--- old\n+++ new\n@@ -4 +4 @@\n-  two\n+  2"
    assert differing(before, dict(reversed(before.items())), ("old", "new")) == ""


@pytest.mark.parametrize(
    ("text", "good"), [("{a: [1, x, null, 0.5, true]}", True), ("a: 2020-01-01", False), ("{1: a}", False)]
)
def test_what_is_no_json_is_told(text: str, good: bool) -> None:
    assert jsonable(read_document(text.encode()).data) is good
