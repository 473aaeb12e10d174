"""What may differ between two values of answers that are still the same, and where in an answer that holds. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from headchef.checks.path import EVERY, Every, Path

Lists = Literal["in_order", "sets"]

_ROUNDING = 1 + 1e-9
"""1.1 and 1.0 differ, in binary, by more than 0.1."""


class Tolerance(NamedTuple):
    """How much values may differ.

    Attributes:
        absolute: numbers, by so much.
        relative: or by this share of the larger of the two.
        likeness: texts have at least this share of their words in common.
        lists: whether the order and number of equal items matters.
    """

    absolute: float
    relative: float
    likeness: float
    lists: Lists

    def takes(self, one: float, other: float) -> bool:
        """Say whether two numbers are the same."""
        most = max(self.absolute, self.relative * max(abs(one), abs(other)))
        return one == other or abs(one - other) <= most * _ROUNDING


class Rule(NamedTuple):
    """What holds at a path and below.

    Attributes:
        path: within an answer.
        changes: of the tolerance; None for what is not looked at.
    """

    path: Path
    changes: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Scope:
    """What holds for a value, and for those within it.

    Attributes:
        tolerance: for the value.
        rules: for those within it, by their paths from here.
    """

    tolerance: Tolerance
    rules: tuple[Rule, ...] = ()

    def within(self, part: str | int | Every) -> "Scope | None":
        """Give what holds for a field or an item, or None for what is not looked at."""
        if not self.rules:
            return self
        return scope_of(self.tolerance, (_below(rule) for rule in self.rules if _leads(rule.path[0], part)))


def scope_of(tolerance: Tolerance, rules: Iterable[Rule]) -> Scope | None:
    """Give what holds for a value, or None if it is not looked at.

    Args:
        tolerance: where no rule says otherwise.
        rules: by their paths from the value; an empty path is the value itself.
    """
    deeper = []
    for rule in rules:
        if rule.path:
            deeper.append(rule)
        elif rule.changes is None:
            return None
        else:
            tolerance = tolerance._replace(**rule.changes)
    return Scope(tolerance, tuple(deeper))


def _below(rule: Rule) -> Rule:
    return Rule(rule.path[1:], rule.changes)


def _leads(head: str | int | Every, part: str | int | Every) -> bool:
    return head == part or (head == EVERY and isinstance(part, int | Every))
