"""The finished offsets above a watermark as text, small enough for commit metadata.

Text form: base85 of magic `H`, version 1, CRC-32 of the rest, then a bitmap whose bit k stands for watermark + 1 + k.
10,000 offsets fit in 1,571 characters; the broker takes 4,096 (`offset.metadata.max.bytes`).
"""

import base64
import binascii
import struct
from collections.abc import Sequence

from headchef.runtime.errors import PlaceUnknown

MAX_SPAN = 10_000
"""Offsets that a finished map may span; dispatch stops before it would grow beyond."""

_HEAD = struct.Struct(">cBI")
_MAGIC = b"H"
_VERSION = 1


def encode(watermark: int, finished: Sequence[int]) -> str:
    """Write the finished offsets above a watermark as text.

    Args:
        watermark: the committed offset.
        finished: ascending, all above the watermark.

    Returns:
        The empty string where nothing above the watermark has finished.

    Raises:
        ValueError: if the offsets span more than `MAX_SPAN`.
    """
    if not finished:
        return ""
    if finished[0] <= watermark:
        raise ValueError(f"offset {finished[0]} is not above the watermark {watermark}")
    if finished[-1] - watermark > MAX_SPAN:
        raise ValueError(f"finished offsets span {finished[-1] - watermark}, over {MAX_SPAN}")
    bits = bytearray((finished[-1] - watermark + 7) // 8)
    for offset in finished:
        index = offset - watermark - 1
        bits[index >> 3] |= 1 << (index & 7)
    return base64.b85encode(_HEAD.pack(_MAGIC, _VERSION, binascii.crc32(bits)) + bits).decode("ascii")


def decode(watermark: int, text: str) -> list[int]:
    """Read what `encode` wrote.

    Raises:
        PlaceUnknown: if the text is not a finished map, or is damaged.
    """
    if not text:
        return []
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
    return [
        watermark + 1 + (index << 3) + bit
        for index, byte in enumerate(bits)
        if byte
        for bit in range(8)
        if byte >> bit & 1
    ]
