"""Finds a difference between two JSON values that no tolerance takes. Pure, and bounded in time."""

from collections.abc import Sequence
from typing import Any

from headchef.checks.path import EVERY, Every, Path, written
from headchef.equality.text import unlike
from headchef.equality.tolerance import Scope
from headchef.equality.wording import MAX_WORDS

MAX_STEPS = 50_000
"""Of one comparison, about a microsecond each: sets take steps by the product of their sizes."""

_CHARACTERS_A_STEP = 20


def difference(one: Any, other: Any, scope: Scope) -> str | None:
    """Say in words where two values differ, or give None if they are the same.

    Args:
        one: JSON.
        other: likewise.
        scope: what may differ.
    """
    try:
        return _Search().between(one, other, scope, ())
    except _TooLong:
        return f"to compare them takes more than {MAX_STEPS} steps"


class _TooLong(Exception):
    """The steps are used up."""


class _Search:
    def __init__(self) -> None:
        self._left = MAX_STEPS

    def between(self, one: Any, other: Any, scope: Scope, place: Path) -> str | None:
        self._take(1)
        match one, other:
            case dict(), dict():
                return self._objects(one, other, scope, place)
            case list(), list():
                return (self._sets if scope.tolerance.lists == "sets" else self._rows)(one, other, scope, place)
            case str(), str():
                why = self._texts(one, other, scope.tolerance.likeness)
            case (bool(), _) | (_, bool()):
                why = None if one is other else "differs"
            case ((int() | float()), (int() | float())):
                why = None if scope.tolerance.takes(one, other) else f"is {one} in one and {other} in the other"
            case _:
                why = None if one is None and other is None else "is of another kind"
        return None if why is None else f"{written(place) or 'the answer'}: {why}"

    def _objects(self, one: dict[str, Any], other: dict[str, Any], scope: Scope, place: Path) -> str | None:
        for name in sorted(one.keys() | other.keys()):
            inner = scope.within(name)
            if inner is None:
                continue
            at = (*place, name)
            if name not in one or name not in other:
                return f"{written(at)}: only one has it"
            if (why := self.between(one[name], other[name], inner, at)) is not None:
                return why
        return None

    def _rows(self, one: Sequence[Any], other: Sequence[Any], scope: Scope, place: Path) -> str | None:
        if len(one) != len(other):
            return f"{written(place) or 'the answer'}: has {len(one)} items in one and {len(other)} in the other"
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            inner = scope.within(number)
            if inner is not None and (why := self.between(first, second, inner, (*place, number))) is not None:
                return why
        return None

    def _sets(self, one: Sequence[Any], other: Sequence[Any], scope: Scope, place: Path) -> str | None:
        every = scope.within(EVERY)
        if every is None:
            return None
        for several, against in ((one, other), (other, one)):
            for item in several:
                if not self._is_among(item, against, every, (*place, EVERY)):
                    return f"{written((*place, EVERY))}: only one has {item!r:.60}"
        return None

    def _is_among(self, item: Any, several: Sequence[Any], scope: Scope, place: tuple[str | int | Every, ...]) -> bool:
        return any(self.between(item, each, scope, place) is None for each in several)

    def _texts(self, one: str, other: str, least: float) -> str | None:
        if one == other:
            return None
        self._take((len(one) + len(other)) // _CHARACTERS_A_STEP)
        if least < 1:
            # A text of n characters has at most n words, and most have a fifth of that.
            self._take(min(len(one) // 5, MAX_WORDS) * min(len(other) // 5, MAX_WORDS) // 5_000)
        return unlike(one, other, least)

    def _take(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise _TooLong
