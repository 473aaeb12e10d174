"""The event by which the catalogue reaches every service: the reviewed file, whole."""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field, StringConstraints

from headchef_contracts.events.common import Event, Name

CATALOG_NAME = "default"
"""The entry that services take up; one of another name is kept, and passed over."""

MAX_CATALOG_CHARACTERS = 100_000
"""Some thousand models, which a service reads in a second; and however JSON escapes it, it fits into the topic."""

CatalogVersion = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class CatalogPublished(Event):
    """The models, lanes, prices and defaults that hold from now on; services take them up without a restart."""

    event_type: ClassVar[str] = "headchef.catalog.published"
    version: ClassVar[int] = 1

    name: Name = Field(description="of the entry: a later one of the same name takes its place")
    catalog_version: CatalogVersion = Field(
        description="the first 16 hexadecimal digits of the SHA-256 of the text in UTF-8"
    )
    text: str = Field(
        min_length=1, max_length=MAX_CATALOG_CHARACTERS, description="the YAML file as it was reviewed, comments too"
    )
    file: str = Field(description="what the file was called, for messages that name a line of it")
    published_at: AwareDatetime
