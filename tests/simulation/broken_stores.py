"""Ways to break what is promised of a store of answers that has a bound, or that was lost and is filled again.

Each is looked for in worlds that all have such a store, as few of them have by themselves.
"""

from dataclasses import replace
from typing import Any

import pytest

from headchef.cache import bounded, refill
from headchef.cache.bounded import BoundedAnswerStore
from headchef.cache.policy import worth_keeping
from headchef.cache.refill import Refill
from headchef.cache.validity import serving
from tests.simulation import correctors, invalidating, losing, services, store


def the_bound_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    _let_stores_have_a_bound(patch)

    async def wrong(_: Any) -> None:
        return

    patch.setattr(BoundedAnswerStore, "_make_room", wrong)


def use_counts_for_nothing(patch: pytest.MonkeyPatch) -> None:
    _let_stores_have_a_bound(patch)

    async def wrong(store: Any, level: float) -> None:
        store._used = {}
        await store._store.revalue([])

    patch.setattr(BoundedAnswerStore, "_revalue_used", wrong)


def cost_counts_for_nothing(patch: pytest.MonkeyPatch) -> None:
    _let_stores_have_a_bound(patch)
    patch.setattr(bounded, "_value", lambda _: 1e-6)


def nothing_is_put_back(patch: pytest.MonkeyPatch) -> None:
    _let_stores_be_lost(patch)

    async def wrong(*_: Any) -> bool:
        return True

    patch.setattr(Refill, "take", wrong)


def what_was_invalidated_is_put_back(patch: pytest.MonkeyPatch) -> None:
    _let_stores_be_lost(patch)
    patch.setattr(invalidating, "_SHARE", 1.0)
    begin = Refill.__init__

    def wrong(self: Any, *about: Any, **more: Any) -> None:
        begin(self, *about, **more)
        self._taking_back = _AllHolds()

    patch.setattr(Refill, "__init__", wrong)


def what_was_found_wrong_is_put_back(patch: pytest.MonkeyPatch) -> None:
    _let_stores_be_lost(patch)
    patch.setattr(correctors, "_WORLDS", 1.0)

    def wrong(self: Any, settled: Any, cause: Any, now: Any) -> Any:
        return serving(worth_keeping(settled, cause, self._policy), now)

    patch.setattr(Refill, "_kept", wrong)


def what_has_expired_is_put_back(patch: pytest.MonkeyPatch) -> None:
    _let_stores_be_lost(patch)
    patch.setattr(services, "_EXPIRING_SHARE", 1.0)
    patch.setattr(refill, "serving", lambda found, _: found)


def answers_come_back_as_anothers(patch: pytest.MonkeyPatch) -> None:
    _let_stores_be_lost(patch)
    others = {"acme": "globex", "globex": "acme"}

    def wrong(*about: Any) -> Any:
        kept = worth_keeping(*about)
        return None if kept is None else replace(kept, tenant=others.get(kept.tenant, kept.tenant))

    patch.setattr(refill, "worth_keeping", wrong)


class _AllHolds:
    """Knows of nothing that was invalidated."""

    def holds(self, _: object) -> bool:
        return True

    async def after(self, _: object, put: object) -> object:
        return put


def _let_stores_have_a_bound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(store, "_BOUND_SHARE", 1.0)


def _let_stores_be_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(losing, "_SHARE", 1.0)
