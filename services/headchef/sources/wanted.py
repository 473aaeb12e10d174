"""What is wanted of a source, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

ReadAs = Literal["json", "text", "csv"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One document.

    Attributes:
        address: where it lies.
        allow_hosts: that may be asked, also after a redirect; each as `address.host_of` reads it.
        read_as: what is made of it.
        max_bytes: that it may have, once it is unpacked.
        timeout_s: seconds that it may take with all redirects, tries and pauses.
        retries: more tries after one that may fare better later.
    """

    address: str
    allow_hosts: Sequence[str]
    read_as: ReadAs
    max_bytes: int
    timeout_s: float
    retries: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from.

    Attributes:
        address: after all redirects, without its query, which may hold secrets.
        sha256: of the document's bytes, in hexadecimal digits.
        size_bytes: of the document.
        content_type: as the server named it; None where it did not.
    """

    address: str
    sha256: str
    size_bytes: int
    content_type: str | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document that was read.

    Attributes:
        value: JSON, text, or rows.
        source: where it comes from.
    """

    value: Any
    source: Source
