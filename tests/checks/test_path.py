"""Paths: what they lead to, that what is not there is passed over, and that what is none is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.checks.path import EVERY, BadPath, read_path, values_at, written

OUTPUT = {
    "title": "T",
    "meta": {"title": "M"},
    "edits": [{"new": "a"}, {"old": "b"}, {"new": "c"}],
    "sections": [["x"]],
}

names = st.text(st.characters(exclude_characters=".[]", exclude_categories=("Cs", "Z", "C")), min_size=1, max_size=8)
paths = st.lists(names | st.integers(0, 999_999) | st.just(EVERY), max_size=6).map(tuple)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [((), OUTPUT)]),
        ("title", [(("title",), "T")]),
        ("meta.title", [(("meta", "title"), "M")]),
        ("edits[].new", [(("edits", 0, "new"), "a"), (("edits", 2, "new"), "c")]),
        ("edits[1].old", [(("edits", 1, "old"), "b")]),
        ("sections[][]", [(("sections", 0, 0), "x")]),
        ("edits[9].new", []),
        ("titel", []),
        ("title[]", []),
        ("title.x", []),
    ],
)
def test_a_path_leads_to_values_with_their_places(text: str, found: list[tuple[Any, Any]]) -> None:
    assert list(values_at(read_path(text), OUTPUT)) == found


def test_a_list_at_the_top_has_items() -> None:
    assert list(values_at(read_path("[].a"), [{"a": 1}, {"a": 2}])) == [((0, "a"), 1), ((1, "a"), 2)]


@pytest.mark.parametrize("text", [".title", "a..b", "a.", "a[", "a[x]", "a[-1]", "a]", "a.[0]", "a[0]b", " a", "[0]b"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(BadPath, match="is no path at"):
        read_path(text)


@given(paths)
def test_a_path_is_read_as_it_is_written(path: tuple[Any, ...]) -> None:
    assert read_path(written(path)) == path
