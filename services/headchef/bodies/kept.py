"""Keeps values that were read, those that were used last, and no more bytes of them than may be."""

from collections import OrderedDict
from typing import Any

from headchef_contracts.events.common import Reference

Key = tuple[str, Reference]
"""A tenant, and what it calls a body."""


class Kept:
    """Values by tenant and reference.

    Args:
        most_bytes: of all of them together, as they lie in the store.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._values: OrderedDict[Key, Any] = OrderedDict()
        self._bytes = 0

    def __contains__(self, key: Key) -> bool:
        return key in self._values

    def get(self, key: Key) -> Any:
        """Give a value that is kept; it is the last one that was used then."""
        self._values.move_to_end(key)
        return self._values[key]

    def keep(self, key: Key, value: Any) -> None:
        """Keep a value, in place of those that were used longest ago."""
        if key in self._values:
            return
        self._values[key] = value
        self._bytes += key[1].bytes
        while self._bytes > self._most_bytes:
            (_, reference), _ = self._values.popitem(last=False)
            self._bytes -= reference.bytes
