"""Ways to begin calls beside those that an owner of a task has left behind."""

import pytest

from headchef.executor.lane.lane import Lane
from headchef.runtime.clean_mark import CleanMark
from headchef.runtime.recovery import Recovery


def mark_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Recovery, "_is_clean", lambda *_: True)


def mark_not_withdrawn(patch: pytest.MonkeyPatch) -> None:
    async def wrong(_: CleanMark) -> None:
        return None

    patch.setattr(CleanMark, "withdraw", wrong)


def places_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    async def wrong(*_: object) -> bool:
        return True

    patch.setattr(Lane, "vacated", wrong)
