"""Makes images of what `--image` and `--image-field` name: an address as it stands, or the bytes of a file."""

from base64 import b64encode
from pathlib import Path, PurePosixPath

from headchef_contracts.events.images import ImageType

_TYPES: dict[str, ImageType] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
_MOST_BYTES = 700_000
"""Of a file: in base64 it is 4/3 as large, and with its prompt must fit into the million bytes of a job."""


class BadImage(Exception):
    """What is named is no image that a job could show; the message says what would be right."""


def is_address(named: str) -> bool:
    """Say whether an address is named, and not a file."""
    return "://" in named


def image_of(named: str) -> dict[str, str]:
    """Give the image as a job has it.

    Args:
        named: an address, or a file's path; its end tells the type.

    Raises:
        BadImage: the end tells none, or the file cannot be read or is too large.
    """
    path = named.partition("?")[0].partition("#")[0] if is_address(named) else named
    media_type = _TYPES.get(PurePosixPath(path).suffix.lower())
    if media_type is None:
        right = "in a whole job media_type says it" if is_address(named) else "convert it to one of these"
        raise BadImage(f'"{named}" does not end in {", ".join(_TYPES)}, which tells the type; {right}')
    if is_address(named):
        return {"media_type": media_type, "url": named}
    try:
        content = Path(named).read_bytes()
    except OSError as error:
        raise BadImage(f'"{named}" cannot be read: {error.strerror}') from error
    if len(content) > _MOST_BYTES:
        right = "make it smaller, which models do too, or give an address"
        raise BadImage(f'"{named}" has {len(content):,} bytes; at most {_MOST_BYTES:,} fit into a job: {right}')
    return {"media_type": media_type, "base64": b64encode(content).decode()}
