"""Checks of how long something is: characters, words, items."""

from abc import abstractmethod
from collections.abc import Iterator, Sized
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from headchef.checks.port import Check, Wrong

_Count = Annotated[int, Field(ge=0, le=10**9, strict=True)]


class _Within(Check):
    """Something that is counted lies between two numbers."""

    unit: ClassVar[str]

    min: _Count | None = Field(default=None, description="the fewest, such as 30")
    max: _Count | None = Field(default=None, description="the most, such as 60")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give `min`, `max` or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"`min` is {self.min} and `max` {self.max}: nothing lies between")
        return self

    def look(self, value: Any) -> Iterator[Wrong]:
        """Count."""
        count = self._count(value)
        if self.min is not None and count < self.min:
            yield Wrong(f"has {count} {self.unit}, and needs at least {self.min}")
        if self.max is not None and count > self.max:
            yield Wrong(f"has {count} {self.unit}, and may have at most {self.max}")

    @abstractmethod
    def _count(self, value: Any) -> int: ...


class Chars(_Within):
    """A text has so many characters (Unicode code points)."""

    unit = "characters"

    def _count(self, value: Sized) -> int:
        return len(value)


class Words(_Within):
    """A text has so many words: what stands between blanks and has a letter or digit in it."""

    unit = "words"

    def _count(self, value: str) -> int:
        return sum(any(map(str.isalnum, word)) for word in value.split())


class ArrayLen(_Within):
    """A list has so many items."""

    unit = "items"
    looks_at = frozenset({"array"})

    def _count(self, value: Sized) -> int:
        return len(value)
