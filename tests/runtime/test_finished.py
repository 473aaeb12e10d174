"""The finished map survives the way through commit metadata, and damage to it is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.runtime.errors import PlaceUnknown
from headchef.runtime.finished import MAX_SPAN, decode, encode
from headchef.runtime.log.limits import check_metadata
from headchef.runtime.log.port import Commit, Partition


@given(watermark=st.integers(0, 2**40), gaps=st.sets(st.integers(1, MAX_SPAN)))
def test_reads_what_it_wrote(watermark: int, gaps: set[int]) -> None:
    finished = sum(1 << gap - 1 for gap in gaps)
    text = encode(watermark, finished)
    assert decode(watermark, text) == finished
    assert text.isascii()


def test_the_widest_map_fits_beside_a_place() -> None:
    assert len(encode(0, 1 << MAX_SPAN - 1)) == 3_914
    check_metadata({Partition("in", 0): Commit(0, encode(0, 2**MAX_SPAN - 1))})


def test_nothing_above_the_watermark_is_no_text() -> None:
    assert encode(7, 0) == ""
    assert decode(7, "") == 0


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="above 5 span 25001, over 25000"):
        encode(5, 1 << MAX_SPAN)


def test_damage_is_an_error() -> None:
    text = encode(100, 0b10001 | 1 << 8_899)
    for index in range(len(text)):
        damaged = text[:index] + ("0" if text[index] != "0" else "1") + text[index + 1 :]
        with pytest.raises(PlaceUnknown, match="offset 100"):
            decode(100, damaged)


@given(text=st.text(min_size=1, max_size=40))
def test_foreign_metadata_is_an_error(text: str) -> None:
    with pytest.raises(PlaceUnknown, match="offset 3"):
        decode(3, text)
