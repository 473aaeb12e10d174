"""The finished map survives the way through commit metadata, and damage to it is noticed."""

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.runtime.errors import PlaceUnknown
from headchef.runtime.finished import MAX_SPAN, decode, encode, is_clean
from headchef.runtime.log.limits import check_metadata
from headchef.runtime.log.port import Commit, Partition


@given(watermark=st.integers(0, 2**40), gaps=st.sets(st.integers(1, MAX_SPAN)), clean=st.booleans())
def test_reads_what_it_wrote(watermark: int, gaps: set[int], clean: bool) -> None:
    finished = sum(1 << gap - 1 for gap in gaps)
    text = encode(watermark, finished, clean=clean)
    assert decode(watermark, text) == finished
    assert is_clean(watermark, text) == clean
    assert text.isascii()


def test_the_widest_map_fits_beside_a_place() -> None:
    assert len(encode(0, 1 << MAX_SPAN - 1, clean=True)) == 3_915
    check_metadata({Partition("in", 0): Commit(0, encode(0, 2**MAX_SPAN - 1, clean=True))})


@pytest.mark.parametrize("finished", [0, 1, 0b10000000, 0b10001 | 1 << 8_899])
def test_a_release_that_knows_no_mark_reads_the_same_map(finished: int) -> None:
    """As it does so: magic, version and checksum must fit, and all that follows is the bitmap."""
    raw = base64.b85decode(encode(7, finished, clean=True))
    assert raw[:2] == b"H\x01"
    assert int.from_bytes(raw[2:6], "big") == binascii.crc32(raw[6:])
    assert int.from_bytes(raw[6:], "little") == finished


@pytest.mark.parametrize("text", ["", "NCBc~8v+F"])
def test_what_such_a_release_wrote_is_not_clean(text: str) -> None:
    decode(7, text)
    assert not is_clean(7, text)


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
        for read in (decode, is_clean):
            with pytest.raises(PlaceUnknown, match="offset 100"):
                read(100, damaged)


@given(text=st.text(min_size=1, max_size=40))
def test_foreign_metadata_is_an_error(text: str) -> None:
    with pytest.raises(PlaceUnknown, match="offset 3"):
        decode(3, text)
