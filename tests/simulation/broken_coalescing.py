"""Ways to break what is promised of equal questions that are asked at once."""

from typing import Any

import pytest

from headchef.cache.waiting import line, sitting
from headchef.cache.waiting.going_on import GoingOn
from headchef.cache.waiting.leaders import Leaders


def leaders_not_remembered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Leaders, "put", lambda *_: None)


def all_wait_for_bulk(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(line, "may_wait_for", lambda *_: True)


def all_sent_on_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sitting, "next_round", lambda _, waiting: waiting)


def forgotten_when_asked_in_vain(patch: pytest.MonkeyPatch) -> None:
    release = GoingOn.release

    def wrong(self: GoingOn, *about: Any) -> None:
        release(self, *about)
        self._outputs.clear()

    patch.setattr(GoingOn, "release", wrong)


def answers_not_shared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(GoingOn, "share", lambda *_: None)
