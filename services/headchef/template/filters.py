"""The filters of prompt templates that are ours: Jinja's own can be made to grow without bound."""

import json
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from jinja2 import Undefined
from jinja2.filters import do_int

from headchef.template.budget import CALL_COST, Budget

_MAX_DIGITS = 15
_NAMED_BITS = 4
"""So many characters that are to be taken away are looked through in the time of one."""


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
            written = str(value)
            self._budget.spend(len(written))
            return written
        raise TemplateMisuse(f"a {type(value).__name__} cannot be written into a prompt")

    def tojson(self, value: Any) -> str:
        """Write a value as JSON."""
        # What stands in it many times is written as often: a list of a few items can become gigabytes.
        self._budget.weight_of(value)
        written = json.dumps(value, ensure_ascii=False)
        self._budget.spend(len(written))
        return written

    def concat(self, values: Iterable[Any], between: str = "") -> str:
        """Put values together, as `~` does."""
        texts = [self.text(value) for value in values]
        self._budget.spend(sum(map(len, texts)) + (1 + len(between)) * len(texts))
        return between.join(texts)

    def join(self, values: Iterable[Any], d: Any = "", attribute: str | None = None) -> str:
        """Put values together with a text between them; `attribute` takes one field of each."""
        return self.concat(_each(values, attribute), self.text(d))

    def replace(self, value: Any, old: Any, new: Any, count: int = -1) -> str:
        """Replace a text by another wherever it stands, or in the first `count` places."""
        whole, old, new = self.text(value), self.text(old), self.text(new)
        self._budget.spend(CALL_COST + len(whole) + whole.count(old) * len(new))
        return whole.replace(old, new, count)

    def rounded(self, value: float, precision: int = 0) -> float:
        """Round a number to some decimal places."""
        self._budget.charge(value)
        return round(float(value), max(-_MAX_DIGITS, min(_MAX_DIGITS, precision)))

    def integer(self, value: Any, default: int = 0) -> int:
        """Read a whole number, in decimal."""
        self._budget.charge(value)
        return do_int(value, default)

    def total(self, values: Iterable[Any], attribute: str | None = None) -> Any:
        """Add numbers up; `attribute` takes one field of each."""
        numbers = _each(values, attribute)
        if not all(isinstance(number, int | float) for number in numbers):
            raise TemplateMisuse("sum adds up numbers only")
        self._budget.charge(numbers)
        return sum(numbers)

    def trim(self, value: Any, chars: str | None = None) -> str:
        """Take white space, or characters that are named, from both ends of a text."""
        text = self.text(value)
        self.pay_for_strip(text, chars)
        return text.strip(chars)

    def pay_for_strip(self, text: str, chars: Any = None) -> None:
        """Pay for taking characters from the ends of a text, each of which is looked for among those that are named."""
        each = 1 + (len(chars) >> _NAMED_BITS) if isinstance(chars, str) else 1
        self._budget.spend(CALL_COST + len(text) * each)

    def of_text(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap one of Jinja's filters or tests of texts, so that it is given what stands in a prompt, not in Python."""
        place = int(hasattr(function, "jinja_pass_arg"))
        paid = self._budget.metered(function)

        @wraps(function)
        def of_text(*arguments: Any, **named: Any) -> Any:
            before, given = arguments[:place], arguments[place:]
            return paid(*before, *map(self.text, given[:1]), *given[1:], **named)

        return of_text


def _each(values: Iterable[Any], attribute: str | None) -> list[Any]:
    """List values, or a field of each."""
    if attribute is None:
        return list(values)
    if not isinstance(attribute, str):
        raise TemplateMisuse("a field is named by a text")
    return [value[attribute] for value in values]
