"""Ways to break what is promised where answers are checked, and repaired."""

from typing import Any

import pytest

from headchef.router import again, asking
from headchef.validator import policy


def checks_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy, "_checked", lambda _said, accepted, *_: accepted)


def repairs_not_counted(patch: pytest.MonkeyPatch) -> None:
    follow = again.after_rejection

    def wrong(step: Any, *about: Any, **more: Any) -> Any:
        following = follow(step, *about, **more)
        if isinstance(following, asking.NobodyLeft):
            return following
        return following.model_copy(update={"repairs": step.repairs})

    patch.setattr(again, "after_rejection", wrong)


def every_answer_shown(patch: pytest.MonkeyPatch) -> None:
    follow = again.after_rejection

    def wrong(step: Any, *about: Any, **more: Any) -> Any:
        grown = step.model_copy(update={"question": None})
        return follow(grown, *about, **more)

    patch.setattr(again, "after_rejection", wrong)
