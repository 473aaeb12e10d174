"""Ways to break what is promised of answers that were invalidated or have expired."""

from dataclasses import replace
from typing import Any

import pytest

from headchef.cache import handler, settling
from headchef.cache.invalidated import Invalidated
from headchef.cache.invalidations import Invalidations
from headchef.cache.policy import worth_keeping
from headchef.cache.validity import serving
from headchef.router import policy
from headchef.router.leading import doing


def served_without_a_look(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Invalidations, "known", property(lambda _: True))


def what_was_said_is_not_heeded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Invalidated, "concerns", lambda *_: False)


def answers_are_as_old_as_their_verdict(patch: pytest.MonkeyPatch) -> None:
    def wrong(settled: Any, *about: Any) -> Any:
        return worth_keeping(settled.model_copy(update={"planned_at": settled.settled_at}), *about)

    patch.setattr(settling, "worth_keeping", wrong)


def nothing_is_marked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy, "marks_of_question", lambda _: None)
    patch.setattr(doing, "marked", lambda step, _: step)


def hits_prolong_answers(patch: pytest.MonkeyPatch) -> None:
    def wrong(found: Any, *about: Any) -> Any:
        return None if found is None else serving(replace(found, expires_at=None), *about)

    patch.setattr(handler, "serving", wrong)
