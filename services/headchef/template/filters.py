"""The filters of prompt templates that are ours: Jinja's own can be made to grow without bound."""

import json
from collections.abc import Iterable
from typing import Any

from jinja2 import Undefined
from jinja2.filters import do_int

from headchef.template.budget import Budget

_MAX_DIGITS = 15


class TemplateMisuse(Exception):
    """A template uses a value in a way that is not supported."""


class PromptFilters:
    """The filters.

    Args:
        budget: pays for what they build, before it is built.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def text(self, value: Any) -> str:
        """Write a value as it stands in a prompt: arrays and objects as JSON."""
        if type(value) is str:
            return value
        if isinstance(value, list | tuple | dict):
            return self.tojson(value)
        if value is None or isinstance(value, str | int | float | Undefined):
            return str(value)
        raise TemplateMisuse(f"a {type(value).__name__} cannot be written into a prompt")

    def tojson(self, value: Any) -> str:
        """Write a value as JSON."""
        written = json.dumps(value, ensure_ascii=False)
        self._budget.spend(len(written))
        return written

    def concat(self, values: Iterable[Any], between: str = "") -> str:
        """Put values together, as `~` does."""
        texts = [self.text(value) for value in values]
        self._budget.spend(sum(map(len, texts)) + len(between) * len(texts))
        return between.join(texts)

    def join(self, values: Iterable[Any], d: Any = "", attribute: str | None = None) -> str:
        """Put values together with a text between them; `attribute` takes one field of each."""
        return self.concat(values if attribute is None else [value[attribute] for value in values], self.text(d))

    def replace(self, value: Any, old: Any, new: Any, count: int = -1) -> str:
        """Replace a text by another wherever it stands, or in the first `count` places."""
        whole, old, new = self.text(value), self.text(old), self.text(new)
        self._budget.spend(len(whole) + whole.count(old) * len(new))
        return whole.replace(old, new, count)

    def rounded(self, value: float, precision: int = 0) -> float:
        """Round a number to some decimal places."""
        return round(float(value), max(-_MAX_DIGITS, min(_MAX_DIGITS, precision)))

    def integer(self, value: Any, default: int = 0) -> int:
        """Read a whole number, in decimal."""
        return do_int(value, default)

    def total(self, values: Iterable[Any], attribute: str | None = None) -> Any:
        """Add numbers up; `attribute` takes one field of each."""
        numbers = [value if attribute is None else value[attribute] for value in values]
        if not all(isinstance(number, int | float) for number in numbers):
            raise TemplateMisuse("sum adds up numbers only")
        self._budget.charge(numbers)
        return sum(numbers)
