"""Ways to break what is promised where jobs ask in other words what others have asked."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from headchef.accounts.pools import keeper
from headchef.accounts.pools.counting import counted
from headchef.bound import Bound
from headchef.cache.semantic import looking
from headchef.cache.semantic.guessing import Guess, guess
from headchef.router import asking, semantic
from headchef.validator.handler import ValidatorHandler
from tests.simulation.broken_purses import not_restored
from tests.simulation.meanings import SharedMeanings


def served_in_shadow_mode(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Guess, "serves", lambda self, _: self.nearest.choice == "serve")


def served_from_another_scope(patch: pytest.MonkeyPatch) -> None:
    """Find what is near in any scope, and believe the store that it is in the one that was sought."""

    async def wrong(self: SharedMeanings, sought: Sequence[Any], top_k: int) -> Any:
        points = list((self._points._points or {}).values())  # type: ignore[attr-defined]
        scopes = {point.payload["scope"] for point in points}
        found = []
        for each in sought:
            near = [
                replace(one, scope=each.scope)
                for scope in sorted(scopes)
                for one in (await nearest(self, [replace(each, scope=scope)], top_k))[0]
            ]
            found.append(sorted(near, key=lambda one: -one.score)[:top_k])
        return found

    nearest = SharedMeanings.nearest
    patch.setattr(SharedMeanings, "nearest", wrong)


def a_scope_of_whatever_stands_around(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(semantic, "_frame_of", lambda *_: "0" * 64)


def another_model_in_the_same_scope(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(asking, "asked_elsewhere", lambda question, *_: question)


def the_bound_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Bound, "choose", lambda *_: "serve")


def every_process_draws_for_itself(patch: pytest.MonkeyPatch) -> None:
    calls = list[int]()

    def wrong(*about: Any) -> Any:
        made = guess(*about)
        calls.append(1)
        return made and Guess(made.nearest, len(calls) * 2**40)

    patch.setattr(looking, "guess", wrong)


def labels_count_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keeper, "counted", lambda counts, *about: counted(counted(counts, *about), *about))


def what_was_observed_is_not_remembered(patch: pytest.MonkeyPatch) -> None:
    observe = keeper.observe

    def wrong(event: Any, state: Any, decided: Any) -> Any:
        return observe(event, _Forgetful(state), decided)

    patch.setattr(keeper.__package__ + ".observe", wrong)


def refused_hits_are_not_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ValidatorHandler, "_refused", lambda *_: ())


pools_not_restored = not_restored("pools")


class _Forgetful:
    """A state that does not know what was observed."""

    edition: object = None

    def __init__(self, state: Any) -> None:
        self._state = state

    def get(self, store: str, key: bytes) -> bytes | None:
        found: bytes | None = None if store == "observed" else self._state.get(store, key)
        return found
