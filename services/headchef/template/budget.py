"""Bounds what one rendering may do: each character and each item that a template touches is paid for."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

ITERATION_COST = 40
"""What a turn of a loop costs, in characters: the time that the sandbox needs for it."""


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
                f"the template does too much: it builds more than {self._total} characters, "
                f"or loops more than {self._total // ITERATION_COST} times"
            )

    def charge(self, value: Any) -> Any:
        """Pay for looking at a value, or for having made it, and give it back."""
        self.spend(len(value) if isinstance(value, str | list | tuple | dict | range) else 1)
        return value

    def metered(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a filter or test so that its arguments and its result are paid for. Lazy results become lists."""

        @wraps(function)
        def paid(*arguments: Any, **named: Any) -> Any:
            for argument in arguments:
                self.charge(argument)
            result = function(*arguments, **named)
            return self.charge(list(result) if isinstance(result, Iterator) else result)

        return paid
