"""Refuses JSON that some readers take and others do not: NaN, and nesting that a later hop could not carry."""

import json
from typing import Any, NoReturn

from pydantic_core import from_json

from headchef_contracts.errors import BrokenContract

MAX_DEPTH = 100
"""Levels of objects and arrays in one value. Pydantic reads 200 and a value may be wrapped in a dozen on its way."""


def is_deeper(value: Any, levels: int = MAX_DEPTH) -> bool:
    """Say whether objects and arrays are nested deeper than this many levels.

    Args:
        value: any JSON value.
        levels: 0 for a scalar, 1 for a flat object.
    """
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            child
            for each in layer
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not layer:
            return False
    return True


def refuse_unportable(data: bytes) -> None:
    """Check a record that others wrote and our model could read.

    Args:
        data: the record's value, JSON.

    Raises:
        BrokenContract: it has NaN or Infinity, or is nested deeper than `MAX_DEPTH`.
    """
    if b"NaN" in data or b"Infinity" in data:
        json.loads(data, parse_constant=_refuse_constant)
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        for name, value in from_json(data).items():
            if is_deeper(value):
                raise BrokenContract(name, f"must not be nested deeper than {MAX_DEPTH} levels")


def _refuse_constant(name: str) -> NoReturn:
    raise BrokenContract(None, f"not JSON: {name} is not a JSON number; write null or leave it out", "not_json")
