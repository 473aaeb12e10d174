"""Ways to count batches wrongly, each of which must be noticed."""

from dataclasses import replace
from typing import Any

import pytest

from headchef.batches import __main__ as assembly
from headchef.batches import handler, limit, policy
from headchef.batches.account import Counted, Window, read_member
from headchef.batches.limit import held_against
from headchef.runtime.processor import Emit, Processor


def jobs_not_remembered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handler, "read_member", lambda _: ())


def what_was_counted_for_taken_for_known(patch: pytest.MonkeyPatch) -> None:
    def wrong(value: bytes) -> Any:
        return tuple(each.model_copy(update={"change": 0}) for each in read_member(value))

    patch.setattr(handler, "read_member", wrong)


def stores_in_the_other_order(patch: pytest.MonkeyPatch) -> None:
    def wrong(**about: Any) -> Processor:
        made = Processor(**about)
        return replace(made, stores=made.stores[::-1])

    patch.setattr(assembly, "Processor", wrong)


def homes_as_many_as_partitions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handler, "Emit", lambda topic, event, among=None: Emit(topic, event))


def first_result_stands(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Counted, "rank", property(lambda _: (True, 0, 0)))


def paused_by_the_share_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limit, "is_above", lambda answers, bad, share: bad > answers * share)


def never_paused(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limit, "is_above", lambda *_: False)


def no_resume_heard(patch: pytest.MonkeyPatch) -> None:
    def wrong(window: Window, news: Any, rate: Any, brake: Any) -> Any:
        return held_against(window, news, rate, replace(brake, said=None))

    patch.setattr(policy, "held_against", wrong)


def a_pause_forgotten(patch: pytest.MonkeyPatch) -> None:
    def wrong(*about: Any) -> Any:
        window, pause = held_against(*about)
        return window.model_copy(update={"paused": False}), pause

    patch.setattr(policy, "held_against", wrong)


def old_evidence_kept_after_a_resume(patch: pytest.MonkeyPatch) -> None:
    def wrong(window: Window, news: Any, rate: Any, brake: Any) -> Any:
        said = brake.said
        if said is not None and said.action == "resume" and said.set_at != window.since:
            window = window.model_copy(update={"since": said.set_at, "paused": False})
        return held_against(window, news, rate, brake)

    patch.setattr(policy, "held_against", wrong)


def what_ended_before_a_resume_counted(patch: pytest.MonkeyPatch) -> None:
    def wrong(window: Window, news: Any, rate: Any, brake: Any) -> Any:
        late = news.model_copy(update={"ended_at": news.ended_at.replace(year=9999)})
        return held_against(window, late, rate, brake)

    patch.setattr(policy, "held_against", wrong)
