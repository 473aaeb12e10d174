"""The images of a world: which jobs show some, what the provider sees of them, and how its answers tell."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

_EVERY = 5
_SAW = " saw "


def drawn_images(number: int) -> list[dict[str, str]]:
    """Give the images of a job by its number, mostly none; without chance, so that worlds draw as before."""
    if number % _EVERY != 1:
        return []
    address = {"media_type": "image/png", "url": f"https://images.example.com/{number}.png"}
    content = b64encode(b"\x89PNG\r\n\x1a\n" + str(number).encode()).decode()
    inline = {"media_type": "image/png", "base64": content}
    return [[address], [inline], [inline, address]][number // _EVERY % 3]


def blocks_of(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Give what a message to the provider is made of, as blocks."""
    content = message["content"]
    return content if isinstance(content, list) else [{"type": "text", "text": content}]


def shown_in(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give the images that a provider is shown, each by its address, which may hold its bytes."""
    blocks = [block for message in messages for block in blocks_of(message)]
    return [block["image_url"]["url"] for block in blocks if block["type"] == "image_url"]


def telling(text: str, shown: Sequence[str]) -> str:
    """Give an answer that tells which images were seen."""
    return f"{text}{_SAW}{orjson.dumps(shown).decode()}"


def told_of(output: Any) -> list[str] | None:
    """Give the images that an answer tells of: a text, or an object with one; None where it does not tell."""
    text = str(output.get("title")) if isinstance(output, dict) else str(output)
    try:
        seen: list[str] = orjson.loads(text.rpartition(_SAW)[2])
    except orjson.JSONDecodeError:
        return None
    return seen


def address_of(image: Mapping[str, str]) -> str:
    """Give the address by which a provider is shown an image of a job."""
    return image.get("url") or f"data:{image['media_type']};base64,{image['base64']}"
