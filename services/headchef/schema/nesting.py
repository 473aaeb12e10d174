"""Measures how deeply a JSON value is nested, without recursion."""

from typing import Any


def depth_of(value: Any, limit: int) -> int:
    """Count the levels of arrays and objects around the innermost value.

    Args:
        value: parsed JSON.
        limit: stop counting beyond this many levels.

    Returns:
        0 for a scalar, 1 for an array of scalars; at most `limit + 1`.
    """
    depth, level = 0, [value]
    while depth <= limit:
        inner: list[Any] = []
        found = False
        for each in level:
            if isinstance(each, dict):
                found = True
                inner.extend(each.values())
            elif isinstance(each, list):
                found = True
                inner.extend(each)
        if not found:
            break
        depth, level = depth + 1, inner
    return depth
