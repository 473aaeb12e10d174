"""Ways to break what is promised where a rejected answer is to be put right: how often, by whom, and how."""

from datetime import UTC, datetime
from typing import Any

import pytest

from headchef.router import again, asking


def repairs_not_counted(patch: pytest.MonkeyPatch) -> None:
    follow = again.after_rejection

    def wrong(step: Any, *about: Any, **more: Any) -> Any:
        following = follow(step, *about, **more)
        if isinstance(following, asking.NobodyLeft):
            return following
        return following.model_copy(update={"repairs": step.repairs})

    patch.setattr(again, "after_rejection", wrong)


def given_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(again, "after_rejection", lambda *_about, **_more: asking.NobodyLeft("nobody was looked for"))


def deadline_ignored(patch: pytest.MonkeyPatch) -> None:
    follow, long_ago = again.after_rejection, datetime.min.replace(tzinfo=UTC)
    patch.setattr(again, "after_rejection", lambda *about, now, **more: follow(*about, now=long_ago, **more))


def findings_not_kept(patch: pytest.MonkeyPatch) -> None:
    follow = again.after_rejection

    def wrong(*about: Any, **more: Any) -> Any:
        following = follow(*about, **more)
        if isinstance(following, asking.NobodyLeft):
            return following
        *earlier, rejected = following.tried
        without = rejected.model_copy(update={"findings": ()})
        return following.model_copy(update={"tried": (*earlier, without)})

    patch.setattr(again, "after_rejection", wrong)


def hash_kept(patch: pytest.MonkeyPatch) -> None:
    follow = again.after_rejection

    def wrong(step: Any, *about: Any, **more: Any) -> Any:
        following = follow(step, *about, **more)
        if isinstance(following, asking.NobodyLeft):
            return following
        return following.model_copy(update={"prompt_sha256": step.prompt_sha256})

    patch.setattr(again, "after_rejection", wrong)


def fingerprint_kept(patch: pytest.MonkeyPatch) -> None:
    def wrong(step: Any, *about: Any) -> Any:
        return asking.asked_of(step, *about).model_copy(update={"fingerprint": step.fingerprint})

    patch.setattr(again, "asked_of", wrong)


def next_model_at_once(patch: pytest.MonkeyPatch) -> None:
    follow = again.after_rejection

    def wrong(step: Any, rejected: Any, said: str, **more: Any) -> Any:
        another = asking.next_model(step, more["catalogue"])
        if another is None:
            return follow(step, rejected, said, **more)
        left = {"repairs": step.repairs - 1, "tried": (*step.tried, rejected)}
        return asking.asked_of(step, *another, more["catalogue"], left)

    patch.setattr(again, "after_rejection", wrong)


def failed_model_asked_again(patch: pytest.MonkeyPatch) -> None:
    follow = again.after_failure

    def wrong(step: Any, failed: Any, **more: Any) -> Any:
        if any(each.model == failed.model for each in step.tried):
            return follow(step, failed, **more)
        return step.model_copy(update={"plan": step.plan + 1, "tried": (*step.tried, failed)})

    patch.setattr(again, "after_failure", wrong)


def every_answer_shown(patch: pytest.MonkeyPatch) -> None:
    follow = again.after_rejection

    def wrong(step: Any, *about: Any, **more: Any) -> Any:
        grown = step.model_copy(update={"question": None})
        return follow(grown, *about, **more)

    patch.setattr(again, "after_rejection", wrong)


def nothing_shown(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(again, "_shown", lambda _said: "(nothing)")


def next_model_shown_what_the_former_said(patch: pytest.MonkeyPatch) -> None:
    def wrong(step: Any, *about: Any) -> Any:
        asked = asking.asked_of(step, *about)
        return asked.model_copy(
            update={
                "question": step.question,
                "request": asked.request.model_copy(update={"messages": step.request.messages}),
            }
        )

    patch.setattr(again, "asked_of", wrong)
