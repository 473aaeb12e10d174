"""Bounds what one rendering may do: each character and each item that a template touches is paid for."""

from collections.abc import Callable, Collection, Iterator
from functools import wraps
from typing import Any

ITERATION_COST = 40
"""What a turn of a loop costs at least, in characters: a quarter of a microsecond each."""
PART_COST = 4
"""What a turn of a loop costs for each name, value and operation in its body."""
CALL_COST = 8
"""What a filter or test costs beside what it looks at: it may be called for each of many items."""

VIEWS: tuple[type[Collection[Any]], ...] = (type({}.keys()), type({}.values()), type({}.items()))
_SIZED: tuple[type[Collection[Any]], ...] = (str, list, tuple, dict, range, *VIEWS)
_HELD: tuple[type[Collection[Any]], ...] = (list, tuple, *VIEWS)
_CHARACTERS_BITS = 4
"""Sixteen characters are compared, or made lower case, in the time of one item."""
_DIGITS_BITS = 9


class TemplateTooCostly(Exception):
    """The template does more than a prompt needs."""


class Budget:
    """What is left for one rendering, in characters or items.

    Args:
        total: what each rendering may spend.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._left = total

    def refill(self) -> None:
        """Start another rendering."""
        self._left = self._total

    def spend(self, amount: int) -> None:
        """Pay for work.

        Raises:
            TemplateTooCostly: nothing is left.
        """
        self._left -= amount
        if self._left < 0:
            raise TemplateTooCostly(
                f"the template does too much: it builds or compares more than {self._total} characters, "
                f"or loops more than {self._total // ITERATION_COST} times"
            )

    def charge(self, value: Any) -> Any:
        """Pay for looking at a value, or for having made it, and give it back."""
        self.spend(len(value) if isinstance(value, _SIZED) else 1)
        return value

    def weight_of(self, value: Any) -> int:
        """Say how much there is to a value, all through: each item and field counts, and each 16 characters of a text.

        What is in it twice counts twice, as it does for whoever compares or writes it.

        Raises:
            TemplateTooCostly: more than is left; so it takes no longer than what is left allows.
        """
        weight = 0
        waiting = [value]
        while waiting:
            each = waiting.pop()
            weight += 1
            if isinstance(each, str):
                weight += len(each) >> _CHARACTERS_BITS
                continue
            if isinstance(each, int):
                weight += each.bit_length() >> _DIGITS_BITS
                continue
            inside: Any = ()
            if isinstance(each, dict):
                weight += len(each) + (sum(map(len, each)) >> _CHARACTERS_BITS)
                inside = each.values()
            elif isinstance(each, _HELD):
                inside = each
            if weight + len(waiting) + len(inside) > self._left:
                self.spend(self._left + 1)
            waiting.extend(inside)
        return weight

    def metered(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a filter or test so that its arguments and its result are paid for. Lazy results become lists."""

        @wraps(function)
        def paid(*arguments: Any, **named: Any) -> Any:
            self.spend(CALL_COST + len(named))
            for argument in arguments:
                self.charge(argument)
            for argument in named.values():
                self.charge(argument)
            result = function(*arguments, **named)
            return self.charge(list(result) if isinstance(result, Iterator) else result)

        return paid
