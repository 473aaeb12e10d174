"""Ways to break what is promised where a model fails and another one stands in for it."""

from collections.abc import Sequence
from typing import Any

import pytest

from headchef.result import Came, ending, total
from headchef.router import again, asking
from headchef.validator import handler


def candidates_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handler, "another_may_answer", lambda *_: False)


def earlier_plans_forgotten(patch: pytest.MonkeyPatch) -> None:
    def wrong(plans: Sequence[Any]) -> Came:
        return total(plans[-1:])

    patch.setattr(ending, "total", wrong)


def first_candidate_passed_over(patch: pytest.MonkeyPatch) -> None:
    ask = asking.asked_of

    def wrong(step: Any, model: Any, candidates: tuple[str, ...], catalogue: Any, changes: Any) -> Any:
        return ask(step, model, candidates[1:], catalogue, changes)

    patch.setattr(again, "asked_of", wrong)
