"""Canonical JSON: equal values give equal bytes, whatever the order of their keys."""

import json
from typing import Any

import orjson


def canonical(value: Any) -> bytes:
    """Write a JSON value with sorted keys and no spaces.

    Args:
        value: parsed JSON. Numbers stay as they were written: 1 and 1.0 differ.

    Returns:
        UTF-8.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # orjson stops at 64 bits; the standard library is slower and does not.
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
