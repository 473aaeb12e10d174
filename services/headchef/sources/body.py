"""Reads the body of an answer, and stops when it has too many bytes: on the wire or once unpacked."""

import zlib
from collections.abc import AsyncIterator

from headchef.sources.errors import FetchFailed

ACCEPTED = "gzip"
_PACKED = ("gzip", "x-gzip", "deflate")
_EITHER_HEADER = 32 + zlib.MAX_WBITS
"""zlib tells gzip and deflate apart by what they begin with."""


async def read_body(chunks: AsyncIterator[bytes], coding: str, max_bytes: int, name: str) -> bytes:
    """Read a body, and unpack it as it comes: no more than `max_bytes` are ever held.

    Args:
        chunks: as they come.
        coding: that the server names; empty for none.
        max_bytes: that the body may have.
        name: of the source, for messages.

    Raises:
        FetchFailed: it has more, or is packed in a way that is not known, or badly.
    """
    packed = coding not in ("", "identity")
    if packed and coding not in _PACKED:
        raise FetchFailed("unreadable", f"{name} is packed as {coding[:40]!r}; {ACCEPTED} was asked for")
    unpacking = zlib.decompressobj(_EITHER_HEADER)
    body = bytearray()
    async for chunk in chunks:
        try:
            # One byte more than may be: that is enough to know.
            body += unpacking.decompress(chunk, max_bytes + 1 - len(body)) if packed else chunk
        except zlib.error as error:
            raise FetchFailed("unreadable", f"{name} is not packed as {coding}, as its server says") from error
        if len(body) > max_bytes:
            raise FetchFailed("too_large", f"{name} has more than {max_bytes // 1024:,} KiB; raise `max_kb`")
        if unpacking.unused_data:
            raise FetchFailed("unreadable", f"{name} goes on after the end of what is packed as {coding}")
    if packed and body and not unpacking.eof:
        raise FetchFailed("unreadable", f"{name} ends in the middle of what is packed as {coding}")
    return bytes(body)
