"""Ways to break what is promised where tenants have budgets."""

from typing import Any

import pytest

from headchef.accounts.budgets import granting, keeper, sums
from headchef.accounts.budgets.granting import Refused, Waits
from headchef.router.purses import purse
from headchef.runtime import state
from headchef.validator import handler as validating
from headchef.validator.paid import paid_of


def what_is_out_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sums.Sums, "granted", lambda self, _: self)


def purse_pays_for_nothing(patch: pytest.MonkeyPatch) -> None:
    pays = purse.Purse.pays
    patch.setattr(purse.Purse, "pays", lambda self, need: (self, pays(self, need)[1]))


def reused_answers_not_settled(patch: pytest.MonkeyPatch) -> None:
    def wrong(event: Any, decided: Any) -> Any:
        return None if event.cache.reused else paid_of(event, decided)

    patch.setattr(validating, "paid_of", wrong)


def refused_for_what_is_out(patch: pytest.MonkeyPatch) -> None:
    judge = granting.judge

    def wrong(*about: Any) -> Any:
        judged = judge(*about)
        return Refused("there is nothing left") if isinstance(judged, Waits) else judged

    patch.setattr(keeper, "judge", wrong)


def not_restored(store: str) -> Any:
    """Give what lets a task forget one of its stores when it is given out again."""

    def break_it(patch: pytest.MonkeyPatch) -> None:
        restore = state.TaskState.restore

        def without(self: state.TaskState, name: str, records: Any) -> None:
            restore(self, name, () if name == store else records)

        patch.setattr(state.TaskState, "restore", without)

    return break_it


purses_not_restored = not_restored("purses")
parked_not_restored = not_restored("parked")


def warnings_not_remembered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keeper, "shares_reached", _all_reached)


def _all_reached(bound: granting.Bound, warn_at: Any) -> Any:
    return granting.shares_reached(granting.Bound(bound.limit, bound.sums.model_copy(update={"warned": ()})), warn_at)


def asked_with_a_full_purse(patch: pytest.MonkeyPatch) -> None:
    ask = purse.Purse.asks

    def wrong(self: purse.Purse, day: str) -> purse.Purse:
        return ask(self, day).model_copy(update={"left": self.left})

    patch.setattr(purse.Purse, "asks", wrong)
