"""The images that a model is shown: at an address that its provider reads, or their bytes in the event itself."""

import re
from base64 import b64encode
from binascii import a2b_base64
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from headchef_contracts.events.common import Part
from headchef_contracts.web_address import address_fault

ImageType = Literal["image/jpeg", "image/png", "image/webp"]
"""What the providers of all dialects take, so that any model that takes images may be asked."""

MAX_IMAGES = 20
"""Of one message: with more, Anthropic takes smaller ones only (its guide to vision, November 2026)."""

_MAX_ADDRESS = 4096
_QUANTUM = 4
_BEGINNINGS: dict[ImageType, re.Pattern[bytes]] = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}


def _address(value: str) -> str:
    if fault := address_fault(value):
        raise ValueError(fault)
    return value


def _base64(value: str) -> str:
    """Take one way of writing the bytes only, so that equal images are equal texts."""
    end = value[-_QUANTUM:]
    try:
        # Bits that are left over, of which a decoder takes any, are at the end alone.
        is_one_way = a2b_base64(value, strict_mode=True) and b64encode(a2b_base64(end)).decode() == end
    except ValueError:
        is_one_way = False
    if not is_one_way:
        raise ValueError("must be base64 with its padding, without line breaks and without a prefix such as data:")
    return value


def _type_of(content: str) -> ImageType | None:
    begins = a2b_base64(content[:16])
    return next((name for name, beginning in _BEGINNINGS.items() if beginning.match(begins)), None)


class Image(Part):
    """An image in an event on its way. Exactly one of the two is set: where it is, or what it is."""

    media_type: str
    url: str | None = Field(default=None, description="read by the model's provider, and by nobody before")
    base64: str | None = Field(default=None, description="the bytes")


class PublicImage(Image):
    """An image in a public event."""

    model_config = ConfigDict(extra="forbid")

    media_type: ImageType = Field(description="of the bytes, wherever they are")
    url: Annotated[str, StringConstraints(max_length=_MAX_ADDRESS), AfterValidator(_address)] | None = Field(
        default=None,
        description="https and a public host, without credentials; the model's provider reads it, and nobody before."
        " It stands for the image: under the same address the cache takes it for the same one",
        json_schema_extra={"pattern": "^https://"},
    )
    base64: Annotated[str, AfterValidator(_base64)] | None = Field(
        default=None, description="the bytes, instead of an address; they count towards the size of the job"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.url is None) == (self.base64 is None):
            raise ValueError("exactly one of `url` and `base64` must be set")
        if self.base64 is not None and (found := _type_of(self.base64)) != self.media_type:
            what = f"an image of the type {found}" if found else f"no image of the types {', '.join(_BEGINNINGS)}"
            raise ValueError(f"`base64` must hold what `media_type` says; it holds {what}")
        return self
