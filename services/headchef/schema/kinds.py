"""Names the JSON types of values."""

from typing import Any


def kinds_of(value: Any) -> frozenset[str]:
    """Give the JSON types that a value has: a whole number has two."""
    match value:
        case bool():
            return frozenset({"boolean"})
        case int():
            return frozenset({"integer", "number"})
        case float():
            return frozenset({"number"})
        case str():
            return frozenset({"string"})
        case list():
            return frozenset({"array"})
        case None:
            return frozenset({"null"})
        case _:
            return frozenset({"object"})


def kind_of(value: Any) -> str:
    """Name the narrowest JSON type of a value."""
    return min(kinds_of(value))
