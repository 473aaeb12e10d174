"""The filters of prompt templates that call a filter or test for each item, or look into each: paid for before."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from jinja2.filters import FILTERS
from jinja2.runtime import Context

from headchef.template.budget import Budget
from headchef.template.comparing import Comparisons
from headchef.template.filters import TemplateMisuse


def sifting(budget: Budget, comparisons: Comparisons) -> Mapping[str, Callable[..., Any]]:
    """Give them by their names.

    Args:
        budget: of the rendering.
        comparisons: pay for looking into items.
    """

    def paid(name: str, *, looks_up: bool) -> Callable[..., Any]:
        function: Callable[..., Any] = budget.metered(FILTERS[name])

        @wraps(function)
        def sift(context: Context, values: Any, *arguments: Any, **named: Any) -> Any:
            path = arguments[0] if looks_up and arguments else named.get("attribute")
            called = arguments[1:] if looks_up else arguments
            if not isinstance(path, str | int | None) or not all(isinstance(each, str) for each in called[:1]):
                # Jinja would write it out, all through, to say that there is no such thing.
                raise TemplateMisuse(f"{name} takes the names of fields, filters and tests, as texts")
            items = list(values)
            comparisons.pay_for_paths(len(items), path)
            return function(context, items, *arguments, **named)

        return sift

    return {
        "map": paid("map", looks_up=False),
        "reject": paid("reject", looks_up=False),
        "rejectattr": paid("rejectattr", looks_up=True),
        "select": paid("select", looks_up=False),
        "selectattr": paid("selectattr", looks_up=True),
    }
