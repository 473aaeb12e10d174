"""Images to show: a real PNG of one pixel of any colour, bytes that begin like other kinds, and addresses."""

import struct
import zlib
from base64 import b64encode
from hashlib import blake2b

from headchef_contracts.events.images import Image

ADDRESS = "https://images.example.com/cork.png"
BEGINNINGS = {"image/jpeg": b"\xff\xd8\xff\xe0", "image/webp": b"RIFF\x24\0\0\0WEBPVP8 ", "image/gif": b"GIF89a"}


def png(red: int = 0) -> bytes:
    """Give a picture of one pixel; another colour is another picture."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(bytes((0, red, 0, 0)))
    chunks = ((b"IHDR", head), (b"IDAT", pixel), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def written(content: bytes) -> str:
    """Give bytes in base64."""
    return b64encode(content).decode()


def digest_of(content: bytes) -> str:
    """Give the word by which the simulated provider tells pictures apart."""
    return blake2b(content, digest_size=16).hexdigest()[:12]


def inline(red: int = 0) -> Image:
    """Give a picture that is in the event."""
    return Image(media_type="image/png", base64=written(png(red)))


def at(address: str = ADDRESS) -> Image:
    """Give a picture at an address."""
    return Image(media_type="image/png", url=address)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
