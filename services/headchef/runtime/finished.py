"""What a task says beside a committed offset, as text small enough for commit metadata: the finished offsets above it.

Text form: base85 of magic `H`, version 1, CRC-32 of the rest, then a bitmap whose bit k stands for watermark + 1 + k.
25,000 offsets fit in 3,915 characters; the broker takes 4,096 (`offset.metadata.max.bytes`).

A byte of zeros at its end is the clean mark: nothing that was handed over is under way any more. It finishes no offset,
so a release which does not know the mark reads the same map.
"""

import base64
import binascii
import struct

from headchef.runtime.errors import PlaceUnknown

MAX_SPAN = 25_000
"""Offsets that a finished map may span: so far may a task look ahead of the lowest offset that is not finished."""

_HEAD = struct.Struct(">cBI")
_MAGIC = b"H"
_VERSION = 1
_CLEAN = b"\0"


def encode(watermark: int, finished: int, *, clean: bool = False) -> str:
    """Write the finished offsets above a watermark as text.

    Args:
        watermark: the committed offset.
        finished: bit k stands for offset `watermark + 1 + k`.
        clean: whether the text carries the clean mark.

    Returns:
        The empty string where nothing above the watermark has finished, and there is no mark.

    Raises:
        ValueError: if the offsets span more than `MAX_SPAN`.
    """
    if not finished and not clean:
        return ""
    span = finished.bit_length()
    if span > MAX_SPAN:
        raise ValueError(f"offsets that finished above {watermark} span {span}, over {MAX_SPAN}")
    bits = finished.to_bytes((span + 7) // 8, "little") + (_CLEAN if clean else b"")
    return base64.b85encode(_HEAD.pack(_MAGIC, _VERSION, binascii.crc32(bits)) + bits).decode("ascii")


def decode(watermark: int, text: str) -> int:
    """Read what `encode` wrote.

    Returns:
        The finished offsets, as `encode` takes them.

    Raises:
        PlaceUnknown: if the text is not a finished map, or is damaged.
    """
    return int.from_bytes(_bits(watermark, text), "little")


def is_clean(watermark: int, text: str) -> bool:
    """Say whether the text carries the clean mark. Raises as `decode` does."""
    return _bits(watermark, text).endswith(_CLEAN)


def _bits(watermark: int, text: str) -> bytes:
    if not text:
        return b""
    try:
        raw = base64.b85decode(text)
        magic, version, checksum = _HEAD.unpack_from(raw)
    except (ValueError, struct.error) as error:
        raise PlaceUnknown(f"commit metadata at offset {watermark} is not a finished map: {error}") from error
    bits = raw[_HEAD.size :]
    if magic != _MAGIC or version != _VERSION:
        raise PlaceUnknown(f"commit metadata at offset {watermark} is not a finished map of version {_VERSION}")
    if binascii.crc32(bits) != checksum:
        raise PlaceUnknown(f"the finished map at offset {watermark} is damaged: its checksum differs")
    return bits
