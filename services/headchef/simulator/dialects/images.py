"""The images of a request: what a simulated model sees of them. It reads no address, and looks at none too closely."""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from headchef.simulator.dialects.reading import BYTES_PER_TOKEN

_NAME_CHARACTERS = 120
_BEGINNINGS: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


class BadBase64(ValueError):
    """What should be the bytes of an image is not written in base64."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that a request shows.

    Attributes:
        name: by which an answer can speak of it.
        found: its media type, by its first bytes; None for an address, and for what is no image.
        written_bytes: of the request's body, which are not counted as text.
        tokens: that it counts for.
        digest: of what it is, or of where.
    """

    name: str
    found: str | None
    written_bytes: int
    tokens: int
    digest: str

    @property
    def read(self) -> str:
        """Give what stands for it where a prompt is read: as much text as it has tokens, other for another image."""
        size = self.tokens * BYTES_PER_TOKEN
        return (self.digest * (size // len(self.digest) + 1))[:size]


def at_address(address: str, tokens: int) -> Picture:
    """See an image at an address."""
    return Picture(address[:_NAME_CHARACTERS], None, len(address), tokens, _digest(address.encode()))


def in_base64(written: str, tokens: int) -> Picture:
    """See an image that is in the request.

    Raises:
        BadBase64: it is not.
    """
    try:
        content = b64decode(written, validate=True)
    except Error as error:
        raise BadBase64 from error
    found = next((name for begins, name in _BEGINNINGS.items() if content.startswith(begins)), None)
    digest = _digest(content)
    return Picture(f"{found or 'something'} {digest[:12]}, {len(content)} bytes", found, len(written), tokens, digest)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def see(
    content: object, picture_of: Callable[[Mapping[str, Any]], Picture | None]
) -> tuple[object, tuple[Picture, ...]]:
    """Look for the images in what somebody says.

    Args:
        content: a text, or parts.
        picture_of: gives the image of a part, or None where it is none.

    Returns:
        The content with a text in the place of each image, as it is read; and the images.
    """
    if not isinstance(content, list):
        return content, ()
    parts: list[object] = []
    pictures: list[Picture] = []
    for part in content:
        picture = picture_of(part) if isinstance(part, dict) else None
        if picture is not None:
            pictures.append(picture)
        parts.append(part if picture is None else {**part, "text": picture.read})
    return parts, tuple(pictures)


def told(pictures: Sequence[Picture], prompt: str) -> str:
    """Give a prompt that tells of its images, so that an answer can."""
    return "\n".join([*(f"Image {number}: {each.name}" for number, each in enumerate(pictures, 1)), prompt])
