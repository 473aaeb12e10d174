"""Ways to break what is promised of answers that people have found wrong."""

from dataclasses import replace
from typing import Any

import pytest

from headchef.cache.correcting import Corrections
from headchef.cache.withdrawn import Withdrawn
from headchef.cache.wrong import WrongAnswers


def nothing_is_wrong(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(WrongAnswers, "has", lambda *_: False)


def known_to_the_task_alone(patch: pytest.MonkeyPatch) -> None:
    """Let nobody heed what others tell: who starts again knows nothing, nor does who takes a task over."""

    async def wrong(self: Any, event: Any) -> None:
        return

    patch.setattr(Withdrawn, "take", wrong)


def others_are_not_told(patch: pytest.MonkeyPatch) -> None:
    right = Corrections.outcome

    def wrong(*about: Any) -> Any:
        outcome = right(*about)
        return replace(outcome, outputs=outcome.outputs[1:])

    patch.setattr(Corrections, "outcome", wrong)
