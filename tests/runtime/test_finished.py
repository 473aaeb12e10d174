"""The finished map survives the way through commit metadata, and damage to it is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.runtime.errors import PlaceUnknown
from headchef.runtime.finished import MAX_SPAN, decode, encode


@given(watermark=st.integers(0, 2**40), gaps=st.sets(st.integers(1, MAX_SPAN)))
def test_reads_what_it_wrote(watermark: int, gaps: set[int]) -> None:
    finished = sorted(watermark + gap for gap in gaps)
    text = encode(watermark, finished)
    assert decode(watermark, text) == finished
    assert len(text) <= 1_571
    assert text.isascii()


def test_nothing_above_the_watermark_is_no_text() -> None:
    assert encode(7, []) == ""
    assert decode(7, "") == []


@pytest.mark.parametrize("finished", [[5], [4], [5 + MAX_SPAN + 1]])
def test_refuses_what_does_not_fit(finished: list[int]) -> None:
    with pytest.raises(ValueError, match="offset"):
        encode(5, finished)


def test_damage_is_an_error() -> None:
    text = encode(100, [101, 105, 9_000])
    for index in range(len(text)):
        damaged = text[:index] + ("0" if text[index] != "0" else "1") + text[index + 1 :]
        with pytest.raises(PlaceUnknown, match="offset 100"):
            decode(100, damaged)


@given(text=st.text(min_size=1, max_size=40))
def test_foreign_metadata_is_an_error(text: str) -> None:
    with pytest.raises(PlaceUnknown, match="offset 3"):
        decode(3, text)
