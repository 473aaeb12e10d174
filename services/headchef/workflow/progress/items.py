"""The items of a step that is run for each: which are under way, what came of them, and whether enough can succeed."""

import math
from collections.abc import Sequence
from typing import Any

from headchef.workflow.entry import MAX_AT_ONCE
from headchef.workflow.form import ForEachEntry
from headchef.workflow.progress.unit import Lost

_SHOWN_KEYS = 10
_LONGEST_KEY = 200
"""Characters: it is part of names and messages."""


class BadItems(Exception):
    """What a step is to be run for is no list of items that can be told apart; the message says why."""


class Items:
    """Items in the order of their list.

    Args:
        entry: how they are run.
        values: the items.
        at_once: whether each is done where it is given out, as audits are: then all are done at once, whatever `entry`
            says, and no more of them may be than of others may be under way.

    Raises:
        BadItems: two have one key, or one has none; or they are too many.
    """

    def __init__(self, entry: ForEachEntry, values: Sequence[Any], *, at_once: bool = False) -> None:
        if at_once and len(values) > MAX_AT_ONCE:
            raise BadItems(f"{len(values):,} items are to be audited, and a step audits at most {MAX_AT_ONCE:,}")
        self._entry = entry
        self._values = dict(zip(_keys(values, entry.key), values, strict=True))
        self._left = iter(self._values.items())
        self._under_way: set[str] = set()
        self._outputs: dict[str, Any] = {}
        self._failed: dict[str, Lost] = {}
        self._ended = 0
        self._may_fail = len(values) - math.ceil(len(values) * entry.min_success - 1e-9)

    @property
    def over(self) -> bool:
        """Whether all have ended."""
        return self._ended == len(self._values)

    @property
    def output(self) -> list[Any]:
        """The outputs of those that have one, in the order of the list."""
        return [self._outputs[key] for key in self._values if key in self._outputs]

    @property
    def loss(self) -> Lost | None:
        """Why the step is lost; None as long as enough items can succeed."""
        if len(self._failed) <= self._may_fail:
            return None
        shown = list(self._failed.items())[:_SHOWN_KEYS]
        named = "; ".join(f"{key}: {lost.message}" for key, lost in shown)
        count, of = len(self._failed), len(self._values)
        return Lost("items", f"{count} of {of} items failed, and at most {self._may_fail} may: {named}")

    def begin(self) -> list[tuple[str, Any]]:
        """Give the next items, with their keys, as many as may be under way beside the others."""
        begun = []
        while len(self._under_way) < self._entry.concurrency and (following := next(self._left, None)) is not None:
            self._under_way.add(following[0])
            begun.append(following)
        return begun

    def came(self, key: str, value: Any) -> None:
        """Note an item's output."""
        self._end(key)
        self._outputs[key] = value

    def left_out(self, key: str) -> None:
        """Note that an item has no output, and needs none."""
        self._end(key)

    def failed(self, key: str, lost: Lost) -> None:
        """Note that an item has failed."""
        self._end(key)
        self._failed[key] = lost

    def _end(self, key: str) -> None:
        self._under_way.remove(key)
        self._ended += 1


def _keys(values: Sequence[Any], field: str | None) -> list[str]:
    if field is None:
        return [str(number) for number in range(len(values))]
    keys: dict[str, None] = {}
    for number, value in enumerate(values):
        key = value.get(field) if isinstance(value, dict) else None
        if not isinstance(key, str | int) or isinstance(key, bool):
            raise BadItems(f"item {number} has no `{field}` that is a text or a whole number, to tell it by")
        if len(str(key)) > _LONGEST_KEY:
            raise BadItems(f"item {number} has a `{field}` of more than {_LONGEST_KEY} characters")
        if str(key) in keys:
            raise BadItems(f"two items have the `{field}` {key!r}")
        keys[str(key)] = None
    return list(keys)
