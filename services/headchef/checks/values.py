"""Checks of what a value is: one of several, or a text of a certain form."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from headchef.checks.port import Check, Wrong
from headchef.schema import Pattern, PatternRefused

_SHOWN = 10
_MAX_SHOWN_CHARACTERS = 60

Scalar = Annotated[str, Field(strict=True)] | Annotated[bool, Field(strict=True)] | int | float | None


class OneOf(Check):
    """A value is one of several."""

    looks_at = frozenset({"string", "number", "integer", "boolean", "null"})

    values: tuple[Scalar, ...] = Field(
        min_length=1, max_length=10_000, description="what it may be, such as [new, used]"
    )

    def look(self, value: Any) -> Iterator[Wrong]:
        """Compare: `true` is not 1, and "1" is neither."""
        # For Python true is 1, for JSON it is not.
        if not any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in self.values):
            known = ", ".join(map(_shown, self.values[:_SHOWN])) + (", …" if len(self.values) > _SHOWN else "")
            yield Wrong(f"is {_shown(value)}, and must be one of {known}")


def _pattern(source: str) -> str:
    try:
        Pattern.of(source)
    except PatternRefused as refused:
        raise ValueError(str(refused)) from refused
    return source


class Matches(Check):
    """A text has something in it that a regular expression describes.

    The expression is of the kind that takes time in proportion to the text, whatever it says: without look-around and
    references back. It may match anywhere, unless it has ^ and $.
    """

    pattern: Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_pattern)] = Field(
        description="a regular expression, such as '^[A-Z]{2}-[0-9]+$'"
    )

    def look(self, value: str) -> Iterator[Wrong]:
        """Search."""
        if not Pattern.of(self.pattern).is_in(value):
            yield Wrong(f"is {_shown(value)}, and does not match {self.pattern}")


def _shown(value: Any) -> str:
    match value:
        case True | False:
            return str(value).lower()
        case None:
            return "null"
        case str():
            cut = value if len(value) <= _MAX_SHOWN_CHARACTERS else f"{value[: _MAX_SHOWN_CHARACTERS - 1]}…"
            return f'"{cut}"'
        case _:
            return str(value)
