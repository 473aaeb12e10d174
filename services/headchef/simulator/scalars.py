"""Makes strings and numbers that obey a JSON Schema, from the prompt's facts where those fit."""

import re
from collections.abc import Callable
from decimal import Decimal
from math import ceil, floor
from typing import Any
from uuid import UUID

from headchef.simulator.merging import Schema
from headchef.simulator.pattern import Piece, UnknownSyntax, compile_pattern
from headchef.simulator.prose import Writer

Maker = Callable[[Writer, str, int], Any]
"""Makes a value from a writer, the property's name and the depth at which it stands."""

_FORMATS: dict[str, Callable[[Writer], str]] = {
    "date": lambda writer: f"2026-{_two(writer, 1, 12)}-{_two(writer, 1, 28)}",
    "time": lambda writer: f"{_two(writer, 0, 23)}:{_two(writer, 0, 59)}:00Z",
    "date-time": lambda writer: f"2026-{_two(writer, 1, 12)}-{_two(writer, 1, 28)}T{_two(writer, 0, 23)}:00:00Z",
    "duration": lambda writer: f"PT{writer.random.randint(1, 59)}M",
    "email": lambda writer: f"{writer.letters(4, 8)}@simulated.example",
    "idn-email": lambda writer: f"{writer.letters(4, 8)}@simulated.example",
    "hostname": lambda writer: f"{writer.letters(4, 8)}.simulated.example",
    "uri": lambda writer: f"https://simulated.example/{writer.letters(4, 8)}",
    "url": lambda writer: f"https://simulated.example/{writer.letters(4, 8)}",
    "iri": lambda writer: f"https://simulated.example/{writer.letters(4, 8)}",
    "uri-reference": lambda writer: f"/{writer.letters(4, 8)}",
    "uuid": lambda writer: str(UUID(int=writer.random.getrandbits(128), version=4)),
    "ipv4": lambda writer: f"192.0.2.{writer.random.randint(1, 254)}",
    "ipv6": lambda writer: f"2001:db8::{writer.random.randint(1, 9999)}",
}
_PATTERN_TRIES = 40


def string_maker(schema: Schema) -> Maker:
    """Compile a schema of type string."""
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    most = None if most is None else int(most)
    if "pattern" in schema:
        return _pattern_maker(str(schema["pattern"]), least, most)
    form = _FORMATS.get(str(schema.get("format")))
    if form is not None:
        return lambda writer, name, depth: form(writer)

    def make(writer: Writer, name: str, depth: int) -> str:
        known = writer.fact(name)
        if isinstance(known, str) and least <= len(known) and (most is None or len(known) <= most):
            return known
        return writer.text(name, least, most)

    return make


def _pattern_maker(pattern: str, least: int, most: int | None) -> Maker:
    try:
        piece: Piece | None = compile_pattern(pattern)
        expression = re.compile(pattern)
    except (UnknownSyntax, re.error):
        piece = None
    if piece is None:
        return lambda writer, name, depth: writer.text(name, least, most)

    def fits(text: str) -> bool:
        return least <= len(text) and (most is None or len(text) <= most) and expression.search(text) is not None

    def make(writer: Writer, name: str, depth: int) -> str:
        known = writer.fact(name)
        if isinstance(known, str) and fits(known):
            return known
        # Open-ended repetitions are drawn long enough for the least length first, then shorter and shorter.
        text = ""
        for attempt in range(_PATTERN_TRIES):
            text = piece(writer.random, max(4, 2 * least) * (_PATTERN_TRIES - attempt) // _PATTERN_TRIES)
            if fits(text):
                break
        return text

    return make


def number_maker(schema: Schema, *, integer: bool) -> Maker:
    """Compile a schema of type number or integer."""
    low, high = _low(schema, integer), _high(schema, integer)
    if low is None and high is None:
        low, high = 0.0, 100.0
    elif low is None:
        low = (high or 0.0) - 100
    elif high is None:
        high = low + 100
    bottom, top = float(low), float(high or 0.0)
    step = schema.get("multipleOf")

    def fits(value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float) or (integer and not isinstance(value, int)):
            return False
        return _in_bounds(schema, value) and (step is None or Decimal(str(value)) % Decimal(str(step)) == 0)

    def make(writer: Writer, name: str, depth: int) -> float:
        known = writer.fact(name)
        if isinstance(known, int | float) and fits(known):
            return known
        return _drawn(writer, bottom, top, step, integer, fits)

    return make


def _drawn(
    writer: Writer, bottom: float, top: float, step: float | None, integer: bool, fits: Callable[[object], bool]
) -> float:
    if step is not None:
        size = Decimal(str(step))
        first, last = ceil(Decimal(str(bottom)) / size), floor(Decimal(str(top)) / size)
        choices = [size * k for k in (writer.random.randint(first, max(first, last)), first, last, first + 1, last - 1)]
        value = next((choice for choice in choices if fits(_plain(choice, integer))), choices[0])
        return _plain(value, integer)
    if integer:
        return writer.random.randint(ceil(bottom), max(ceil(bottom), floor(top)))
    drawn = bottom + writer.random.random() * (top - bottom)
    rounded = round(drawn, 2)
    return rounded if fits(rounded) else drawn if fits(drawn) else (bottom + top) / 2


def _plain(value: Decimal, integer: bool) -> float:
    return int(value) if integer or value == value.to_integral_value() else float(value)


def _low(schema: Schema, integer: bool) -> float | None:
    above = schema.get("exclusiveMinimum")
    bounds = [float(schema["minimum"])] if "minimum" in schema else []
    if above is not None:
        bounds.append(floor(above) + 1 if integer else float(above))
    return max(bounds, default=None)


def _high(schema: Schema, integer: bool) -> float | None:
    below = schema.get("exclusiveMaximum")
    bounds = [float(schema["maximum"])] if "maximum" in schema else []
    if below is not None:
        bounds.append(ceil(below) - 1 if integer else float(below))
    return min(bounds, default=None)


def _in_bounds(schema: Schema, value: float) -> bool:
    return (
        ("minimum" not in schema or value >= schema["minimum"])
        and ("maximum" not in schema or value <= schema["maximum"])
        and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
        and ("exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"])
    )


def _two(writer: Writer, low: int, high: int) -> str:
    return f"{writer.random.randint(low, high):02}"
