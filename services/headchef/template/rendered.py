"""What comes of filling a template."""

from typing import NamedTuple


class Rendered(NamedTuple):
    """A text, and how much of it is the template's own.

    Attributes:
        text: as a model will read it.
        static_characters: so many of its first characters are the same whatever the template is filled with.
    """

    text: str
    static_characters: int
