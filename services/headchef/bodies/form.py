"""How a body is written as bytes, named by their hash, and read from them again. Pure."""

from hashlib import sha256
from typing import Any

from pydantic_core import from_json, to_json

from headchef_contracts.events.common import Reference

from headchef.bodies.port import BodyUnusable

MAX_BODY_BYTES = 67_108_864
"""64 MiB: a process holds several bodies in memory at once, as bytes and as values."""

_TEXT, _JSON = "text/plain", "application/json"
_MOST_BYTES_A_CHARACTER = 4


def written(value: Any) -> tuple[Reference, bytes]:
    """Write a value, and name what was written.

    Args:
        value: text, or any other JSON value.
    """
    media_type, data = (_TEXT, value.encode()) if isinstance(value, str) else (_JSON, to_json(value))
    return Reference(sha256=sha256(data).hexdigest(), bytes=len(data), media_type=media_type), data


def written_if_large(value: Any, inline_bytes: int) -> tuple[Reference, bytes] | None:
    """Write a value that is larger than may be in an event; None if it is not.

    Args:
        value: text, or any other JSON value.
        inline_bytes: so many may be.
    """
    if isinstance(value, str):
        if len(value) * _MOST_BYTES_A_CHARACTER <= inline_bytes:
            return None
    elif value is None or isinstance(value, bool | int | float):
        return None
    reference, data = written(value)
    return None if reference.bytes <= inline_bytes else (reference, data)


def read(reference: Reference, data: bytes) -> Any:
    """Read a value that lies in the store.

    Args:
        reference: names it.
        data: what lies there.

    Raises:
        BodyUnusable: it is not what the reference says.
    """
    if len(data) != reference.bytes or sha256(data).hexdigest() != reference.sha256:
        raise BodyUnusable(
            "body_damaged", f"{named(reference)} has {len(data):,} bytes in the object store, and not that hash"
        )
    kind = reference.media_type.partition(";")[0].strip().lower()
    try:
        if kind == _JSON or kind.endswith("+json"):
            return from_json(data, allow_inf_nan=False)
        if kind.startswith("text/"):
            return data.decode()
    except ValueError as error:
        raise BodyUnusable("body_damaged", f"{named(reference)} is no {reference.media_type}: {error}") from error
    message = f"{named(reference)} is {reference.media_type!r}; a body is text/… in UTF-8, or {_JSON}"
    raise BodyUnusable("body_damaged", message)


def named(reference: Reference) -> str:
    """Name a body for people."""
    return f"the body {reference.sha256} of {reference.bytes:,} bytes"
