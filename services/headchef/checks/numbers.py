"""Finds the numbers in a text, with all values that each may stand for. Linear in the text."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

_BLANKS = " \u00a0\u2009\u202f"
_GROUPING = f"{_BLANKS}'\u2019"
_MOST_DIGITS = 40
"""Of one number; a longer row of digits is compared by its first ones."""

_LIST_MARK = re.compile(r"^[^\S\n]*\d{1,3}[.)](?=\s)", re.MULTILINE)
_FOUND = re.compile(
    # Digits in a word that begins with a letter, such as A4 or v1.2, are part of a name.
    r"[^\W\d_]\w*(?:\.\d\w*)*"
    rf"|(?P<digits>\d{{1,3}}(?:[{_GROUPING}]\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*)"
    rf"(?:[{_BLANKS}-]?(?P<factor>%|(?:percent|per cent|thousand|k|million|mn?|billion|bn|trillion)\b))?",
    re.IGNORECASE,
)
_FACTORS = {"thousand": 3, "k": 3, "million": 6, "m": 6, "mn": 6, "billion": 9, "bn": 9, "trillion": 12}
# The second is how India writes 12,34,567.
_GROUPED = re.compile(r"\d{1,3}(?P<by>[.,])\d{3}(?:(?P=by)\d{3})*|\d{1,2}(?:,\d{2})+,\d{3}")


class Reading(NamedTuple):
    """One value that a number may stand for.

    Attributes:
        value: without its sign, which texts say in words as often as not.
        half: half of what its last digit is worth: a value that is no further off is rounded to it.
    """

    value: Decimal
    half: Decimal


class Number(NamedTuple):
    """A number in a text.

    Attributes:
        written: as it stands there.
        readings: what it may stand for as one number.
        parts: the numbers that it may be instead, all of them; none if it is one in any case.
    """

    written: str
    readings: tuple[Reading, ...]
    parts: tuple["Number", ...] = ()


def numbers_in(text: str) -> Iterator[Number]:
    """Find numbers.

    "1.234" may be 1.234 or 1234, "12 %" 12 or 0.12, "1.5 million" 1.5 or 1500000, and "15 128" one number or two. The
    marks of a numbered list, at the beginning of a line, are no numbers; nor are the digits of a name that begins with
    a letter, such as A4.

    Args:
        text: plain text.
    """
    for found in _FOUND.finditer(_LIST_MARK.sub("", text)):
        if digits := found["digits"]:
            yield _number(found[0], digits, (found["factor"] or "").lower())


def reading_of(value: float) -> Reading:
    """Give what a number in JSON stands for."""
    return _reading(format(abs(Decimal(repr(value))), "f"))


def _number(written: str, digits: str, factor: str) -> Number:
    parts = re.split(f"[{_GROUPING}]", digits)
    if len(parts) == 1:
        readings = tuple(_with_factor(_readings(digits), factor))
        # A date or a version, such as 1.5.2024: each of its numbers stands for itself.
        several = () if readings else tuple(Number(each, tuple(_readings(each))) for each in re.split("[.,]", digits))
        return Number(written, readings, several)
    whole = _reading("".join(parts).replace(",", "."))
    *first, last = parts
    several = (*(Number(each, tuple(_readings(each))) for each in first), _number(last, last, factor))
    return Number(written, tuple(_with_factor(iter([whole]), factor)), several)


def _readings(digits: str) -> Iterator[Reading]:
    """Give each value that digits with points and commas may stand for."""
    marks = re.findall("[.,]", digits)
    if _GROUPED.fullmatch(digits):
        yield _reading(re.sub("[.,]", "", digits))
    if len(marks) < 2:
        yield _reading(digits.replace(",", "."))
    elif marks[-1] not in marks[:-1] and len(set(marks)) == 2:
        whole, _, fraction = digits.rpartition(marks[-1])
        yield _reading(f"{re.sub('[.,]', '', whole)}.{fraction}")


def _with_factor(readings: Iterator[Reading], factor: str) -> Iterator[Reading]:
    for each in readings:
        yield each
        if factor in _FACTORS:
            scale = Decimal(10) ** _FACTORS[factor]
            yield Reading(each.value * scale, each.half * scale)
        elif factor:
            yield Reading(each.value / 100, each.half / 100)


def _reading(written: str) -> Reading:
    value = Decimal(written[:_MOST_DIGITS])
    _, _, places = written[:_MOST_DIGITS].partition(".")
    return Reading(value, Decimal(5).scaleb(-len(places) - 1))
