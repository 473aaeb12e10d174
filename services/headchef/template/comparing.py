"""Comparisons of prompt templates, and the filters that compare: paid for by all that is compared, however deep."""

import operator
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from jinja2 import Environment, pass_environment
from jinja2.filters import ignore_case, make_attrgetter, make_multi_attrgetter

from headchef.template.budget import CALL_COST, VIEWS, Budget
from headchef.template.filters import TemplateMisuse

_KEY_COST = 4
"""What it costs to look up one part of a path in one item."""
_SHARE_OF_A_ROUND = 4
"""In one round of sorting a number of items is compared in this part of the time that it takes to count them."""
_MAX_TOLD_APART_BITS = 64
"""Larger numbers may have the same hash by the thousand, and then each is compared with all others."""

_CONTAINERS: tuple[type[Collection[Any]], ...] = (list, tuple, dict, *VIEWS)
_LISTS: tuple[type[Collection[Any]], ...] = (list, tuple, type({}.values()))

Compared = Callable[[Any, Any], bool]


def _is_in(one: Any, other: Any) -> bool:
    return bool(one in other)


def _is_not_in(one: Any, other: Any) -> bool:
    return one not in other


_OPERATORS: Mapping[str, Compared] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": _is_in,
    "notin": _is_not_in,
}
_TESTS: Mapping[str, tuple[str, ...]] = {
    "eq": ("==", "eq", "equalto"),
    "ne": ("!=", "ne"),
    "lt": ("<", "lt", "lessthan"),
    "lteq": ("<=", "le"),
    "gt": (">", "gt", "greaterthan"),
    "gteq": (">=", "ge"),
    "in": ("in",),
}


class Comparisons:
    """Compares values.

    Args:
        budget: pays for it, before it is done.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    @property
    def filters(self) -> Mapping[str, Callable[..., Any]]:
        """Those that compare, by their names."""
        return {
            "dictsort": self.dictsort,
            "max": self.greatest,
            "min": self.least,
            "sort": self.sort,
            "unique": self.unique,
        }

    @property
    def tests(self) -> Mapping[str, Compared]:
        """Those that compare, by their names."""
        return {name: self._test(kind) for kind, names in _TESTS.items() for name in names}

    def compare(self, first: Any, kinds: Iterable[str], others: Iterable[Any]) -> Any:
        """Compare a value with the next, that with its next, and so on, as far as it holds.

        Args:
            first: the value.
            kinds: what is asked of each two, by the names that Jinja has for it.
            others: the values after the first.
        """
        holds: Any = True
        for kind, other in zip(kinds, others, strict=True):
            self._pay(kind, first, other)
            holds = _OPERATORS[kind](first, other)
            if not holds:
                break
            first = other
        return holds

    @pass_environment
    def sort(
        self,
        environment: Environment,
        values: Any,
        reverse: bool = False,
        case_sensitive: bool = False,
        attribute: str | int | None = None,
    ) -> list[Any]:
        """Put values in order; `attribute` names fields to go by, with commas between."""
        items = self._listed(values, attribute)
        getter = make_multi_attrgetter(environment, attribute)
        return self._in_order(items, [getter(item) for item in items], reverse, case_sensitive)

    def dictsort(
        self, value: Mapping[str, Any], case_sensitive: bool = False, by: str = "key", reverse: bool = False
    ) -> list[Any]:
        """Give the fields of an object in order, with their names."""
        if by not in ("key", "value"):
            raise TemplateMisuse("dictsort goes by 'key' or by 'value'")
        items = self._listed(value.items(), None)
        place = ("key", "value").index(by)
        return self._in_order(items, [[item[place]] for item in items], reverse, case_sensitive)

    @pass_environment
    def unique(
        self, environment: Environment, values: Any, case_sensitive: bool = False, attribute: str | int | None = None
    ) -> list[Any]:
        """Leave out what has come already; `attribute` names a field to go by."""
        items, keys = self._keyed(environment, values, case_sensitive, attribute)
        if any(isinstance(key, int) and key.bit_length() > _MAX_TOLD_APART_BITS for key in keys):
            raise TemplateMisuse(f"unique tells no numbers apart of more than {_MAX_TOLD_APART_BITS} bits")
        first = dict(zip(reversed(keys), reversed(range(len(keys))), strict=True))
        return [items[number] for number in sorted(first.values())]

    @pass_environment
    def least(
        self, environment: Environment, values: Any, case_sensitive: bool = False, attribute: str | int | None = None
    ) -> Any:
        """Give the first of the least values; `attribute` names a field to go by."""
        items, keys = self._keyed(environment, values, case_sensitive, attribute)
        return items[min(range(len(keys)), key=keys.__getitem__)] if items else _nothing(environment)

    @pass_environment
    def greatest(
        self, environment: Environment, values: Any, case_sensitive: bool = False, attribute: str | int | None = None
    ) -> Any:
        """Give the first of the greatest values; `attribute` names a field to go by."""
        items, keys = self._keyed(environment, values, case_sensitive, attribute)
        return items[max(range(len(keys)), key=keys.__getitem__)] if items else _nothing(environment)

    def pay_for_paths(self, items: int, attribute: Any) -> None:
        """Pay for looking up a path in each of some items.

        Args:
            items: how many.
            attribute: the path, or several.
        """
        parts = 1 + attribute.count(".") + attribute.count(",") if isinstance(attribute, str) else 1
        self._budget.spend(CALL_COST + _KEY_COST * (items + 1) * parts)

    def _test(self, kind: str) -> Compared:
        def test(one: Any, other: Any) -> bool:
            self._pay(kind, one, other)
            return _OPERATORS[kind](one, other)

        return test

    def _pay(self, kind: str, one: Any, other: Any) -> None:
        if kind not in ("in", "notin"):
            cost = self._weight_of_less(one, other)
        elif isinstance(other, str) and isinstance(one, str):
            cost = len(other) + len(one)
        elif isinstance(other, _LISTS) or (isinstance(other, range) and not isinstance(one, int)):
            cost = len(other) * self._budget.weight_of(one)
        else:
            # It is looked up, or is no such value.
            cost = self._budget.weight_of(one)
        self._budget.spend(CALL_COST + cost)

    def _weight_of_less(self, one: Any, other: Any) -> int:
        """Weigh what is compared of two values at most: no more than there is to the shorter of the two."""
        if isinstance(one, str) and isinstance(other, str):
            return self._budget.weight_of(one if len(one) < len(other) else other)
        if isinstance(one, _CONTAINERS) and isinstance(other, _CONTAINERS):
            return self._budget.weight_of(one if len(one) < len(other) else other)
        return 1

    def _listed(self, values: Any, attribute: str | int | None) -> list[Any]:
        items = list(values)
        self.pay_for_paths(len(items), attribute)
        return items

    def _keyed(
        self, environment: Environment, values: Any, case_sensitive: bool, attribute: str | int | None
    ) -> tuple[list[Any], list[Any]]:
        """Give the items, and what each is compared by; all that is compared is paid for."""
        items = self._listed(values, attribute)
        getter = make_attrgetter(environment, attribute)
        keys = [getter(item) for item in items]
        self._budget.spend(self._budget.weight_of(keys))
        return items, keys if case_sensitive else [ignore_case(key) for key in keys]

    def _in_order(self, items: list[Any], keys: list[list[Any]], reverse: bool, case_sensitive: bool) -> list[Any]:
        weight = self._budget.weight_of(keys)
        self._budget.spend(weight + weight * len(keys).bit_length() // _SHARE_OF_A_ROUND)
        if not case_sensitive:
            keys = [[ignore_case(part) for part in key] for key in keys]
        return [items[number] for number in sorted(range(len(items)), key=keys.__getitem__, reverse=reverse)]


def _nothing(environment: Environment) -> Any:
    return environment.undefined("No aggregated item, sequence was empty.")
