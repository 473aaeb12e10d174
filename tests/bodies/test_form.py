"""Values as bytes under their hash, and back."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.common import Reference

from headchef.bodies import BodyUnusable
from headchef.bodies.form import read, written, written_if_large

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    reference, data = written(value)
    assert (reference.bytes, reference.sha256) == (len(data), sha256(data).hexdigest())
    assert repr(read(reference, data)) == repr(value)


@given(JSON, st.integers(0, 60))
def test_what_is_larger_than_the_limit_is_written_and_nothing_else(value: Any, limit: int) -> None:
    found = written_if_large(value, limit)
    is_scalar = value is None or isinstance(value, bool | int | float)
    assert (found is not None) == (not is_scalar and written(value)[0].bytes > limit)
    assert found is None or found == written(value)


def named(data: bytes, media_type: str = "text/plain", **other: Any) -> Reference:
    return Reference.model_validate(
        {"sha256": sha256(data).hexdigest(), "bytes": len(data), "media_type": media_type, **other}
    )


@pytest.mark.parametrize(
    ("media_type", "data", "value"),
    [
        ("text/markdown; charset=utf-8", "ü".encode(), "ü"),
        ("TEXT/HTML", b"<p>", "<p>"),
        ("application/json;charset=utf-8", b'{"a": 1}', {"a": 1}),
        ("application/ld+json", b"[]", []),
    ],
)
def test_what_others_have_put_is_read_by_its_media_type(media_type: str, data: bytes, value: Any) -> None:
    assert read(named(data, media_type), data) == value


@pytest.mark.parametrize(
    ("reference", "data", "message"),
    [
        (named(b"abc"), b"abd", "not that hash"),
        (named(b"abc"), b"ab", "has 2 bytes"),
        (named(b"abc", bytes=4), b"abc", "has 3 bytes"),
        (named(b"\xff"), b"\xff", "is no text/plain"),
        (named(b"{", "application/json"), b"{", "is no application/json"),
        (named(b"NaN", "application/json"), b"NaN", "is no application/json"),
        (named(b"GIF", "image/gif"), b"GIF", "a body is text/"),
    ],
)
def test_what_is_not_what_the_reference_says_is_damaged(reference: Reference, data: bytes, message: str) -> None:
    with pytest.raises(BodyUnusable, match=message) as damaged:
        read(reference, data)
    assert damaged.value.reason == "body_damaged"
