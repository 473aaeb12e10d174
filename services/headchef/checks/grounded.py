"""A check that a text says nothing that its facts do not: no other number, and no quotation of other words."""

import html
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import islice
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from headchef.checks.numbers import Number, Reading, numbers_in, reading_of
from headchef.checks.port import Check, Wrong
from headchef.document import Place
from headchef.folding import normal

_SHORTEST_QUOTATION = 3
"""In words: shorter ones set a word apart, and quote nobody."""

_MOST_QUOTATIONS = 1_000
"""Of one text: each is looked for in all of the facts."""

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_QUOTATION = re.compile(
    r"\u201c([^\u201c\u201d]+)\u201d"  # “English”
    r"|\u201e([^\u201e\u201c\u201d]+)[\u201c\u201d]"  # „German“
    r"|\u00ab([^\u00ab\u00bb]+)\u00bb"  # «French»
    r"|\u00bb([^\u00ab\u00bb]+)\u00ab"  # »Danish«
    r'|(?<!\w)"([^"\n]+)"(?!\w)'
)


class Grounded(Check):
    """Whatever a value says stands in the facts: its numbers, and what it puts in quotation marks.

    It looks at every text and number within a value, as a reader sees it: without HTML tags. Numbers in words are not
    looked at.
    """

    looks_at = frozenset({"string", "number", "integer", "object", "array"})

    against: Any = Field(description="the facts: any JSON, such as '{{ steps.facts }}'")
    numbers: Literal["strict", "rounded", "any"] = Field(
        default="strict",
        description="strict: each number is one of the facts, however it is written; rounded: or what one comes to when"
        " rounded; any: numbers are not looked at",
    )
    quotes: Literal["verbatim", "any"] = Field(
        default="verbatim",
        description="verbatim: what stands in quotation marks, from three words on, stands so in the facts; any: it may"
        " say anything",
    )

    @model_validator(mode="after")
    def _looks_at_something(self) -> Self:
        if self.numbers == "any" and self.quotes == "any":
            raise ValueError("with `numbers: any` and `quotes: any` nothing is looked at")
        return self

    def look(self, value: Any) -> Iterator[Wrong]:
        """Hold every text and number against the facts."""
        for place, each in _leaves(value, ()):
            if isinstance(each, str):
                text = _seen(each)
                if self.numbers != "any":
                    yield from (Wrong(message, place) for message in self._ungrounded(text))
                if self.quotes == "verbatim":
                    yield from (Wrong(message, place) for message in self._misquoted(text))
            elif self.numbers != "any" and not self._is_known((reading_of(each),)):
                yield Wrong(f"the number {each} is not among the facts", place)

    def _ungrounded(self, text: str) -> Iterator[str]:
        for number in dict.fromkeys(numbers_in(text)):
            if not self._is_grounded(number):
                yield f"the number {number.written} is not among the facts"

    def _misquoted(self, text: str) -> Iterator[str]:
        quotations = dict.fromkeys(next(filter(None, found.groups())) for found in _QUOTATION.finditer(text))
        if len(quotations) > _MOST_QUOTATIONS:
            yield f"has {len(quotations):,} quotations; at most {_MOST_QUOTATIONS:,} are looked for in the facts"
        for said in islice(quotations, _MOST_QUOTATIONS):
            # American typesetting puts the comma or full stop of the sentence into the quotation.
            words = _as_compared(said).rstrip(".,;:")
            if len(words.split()) >= _SHORTEST_QUOTATION and words not in self._said:
                yield f'"{said}" is not, word for word, in the facts'

    def _is_grounded(self, number: Number) -> bool:
        return self._is_known(number.readings) or (bool(number.parts) and all(map(self._is_grounded, number.parts)))

    def _is_known(self, readings: tuple[Reading, ...]) -> bool:
        return any(self._lies_within(reading) for reading in readings)

    def _lies_within(self, reading: Reading) -> bool:
        """Say whether some number of the facts is a value, or is rounded to it."""
        slack = reading.half if self.numbers == "rounded" else Decimal(0)
        nearest = bisect_left(self._known, reading.value - slack)
        return nearest < len(self._known) and self._known[nearest] <= reading.value + slack

    @cached_property
    def _known(self) -> Sequence[Decimal]:
        """The values of all numbers in the facts, in ascending order."""
        return sorted(
            {
                reading.value
                for _, each in _leaves(self.against, ())
                for number in (numbers_in(_seen(each)) if isinstance(each, str) else (_written(each),))
                for reading in _all_readings(number)
            }
        )

    @cached_property
    def _said(self) -> str:
        """All texts of the facts, between which no quotation can lie."""
        return "\n".join(_as_compared(_seen(each)) for _, each in _leaves(self.against, ()) if isinstance(each, str))


def _written(value: float) -> Number:
    return Number(str(value), (reading_of(value),))


def _all_readings(number: Number) -> Iterator[Reading]:
    yield from number.readings
    for part in number.parts:
        yield from _all_readings(part)


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, str | int | float]]:
    """Find every text and number within a value, each with its place."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*place, name))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*place, number))
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield place, value


def _seen(text: str) -> str:
    """Give what a reader sees of a text that may be HTML."""
    return html.unescape(_TAG.sub(" ", text)) if "<" in text or "&" in text else text


def _as_compared(text: str) -> str:
    """Write a quotation so that typesetting makes no difference: blanks, apostrophes, widths."""
    plain = normal(text).replace("\u2019", "'").replace("\u2018", "'").replace("\u00ad", "")
    return " ".join(plain.split())
