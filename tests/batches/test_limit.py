"""Which answers count against a batch's limit, when it is paused for them, and what a resume changes."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from headchef_contracts.events.batches import BatchCounted, Reason
from headchef_contracts.events.brakes import BrakeAction, BrakeSet

from headchef.batches.account import Window
from headchef.batches.limit import Brake, held_against
from tests.batches.builders import make_counted
from tests.support.braking import make_brake
from tests.support.builders import NOON

WARM_UP, LIMIT = 5, 0.2
LATE = (Reason(failure="deadline_exceeded", message="the deadline has passed"),)


def said(action: BrakeAction, after_s: float) -> BrakeSet:
    return make_brake(action, set_at=NOON + timedelta(seconds=after_s), tenant="default", batch_id="spring")


def ending(status: str = "rejected", at_s: float = 0, **fields: Any) -> BatchCounted:
    return make_counted(status=status, ended_at=NOON + timedelta(seconds=at_s), **fields)


def after(
    news: Iterable[BatchCounted],
    window: Window | None = None,
    last: BrakeSet | None = None,
    limit: float | None = LIMIT,
) -> tuple[Window, int]:
    """Give what has been counted after all that, and how often the batch was to pause."""
    window, pauses = window or Window(), 0
    for each in news:
        window, pause = held_against(window, each, limit, Brake(WARM_UP, last))
        pauses += pause
    return window, pauses


def test_it_waits_for_the_warm_up_and_pauses_once() -> None:
    assert after([ending()] * (WARM_UP - 1))[1] == 0
    window, pauses = after([ending()] * WARM_UP)
    assert (window, pauses) == (Window(answers=5, bad=5, paused=True), 1)
    assert after([ending()] * 10, window) == (window, 0), "what ends after a pause is no news"


def test_it_waits_until_it_is_certain() -> None:
    beginning = [ending("ok")] * 4 + [ending()] * 2
    assert after(beginning)[1] == 0, "2 of 6 are a third, and chance"
    assert after(beginning * 20)[1] == 1, "40 of 120 are not"


def test_without_a_limit_it_never_pauses() -> None:
    assert after([ending()] * 50, limit=None) == (Window(answers=50, bad=50), 0)


@pytest.mark.parametrize(
    ("news", "counted"),
    [
        (ending("ok"), (1, 0)),
        (ending("needs_review"), (1, 0)),
        (ending("rejected"), (1, 1)),
        (ending("failed", reasons=(Reason(failure="timeout", message="30 s"),)), (1, 1)),
        (ending("failed", reasons=LATE), (0, 0)),
        (ending("cancelled"), (0, 0)),
        (ending("refused"), (0, 0)),
    ],
)
def test_answers_count_and_what_was_not_asked_for_does_not(news: BatchCounted, counted: tuple[int, int]) -> None:
    window, _ = after([news])
    assert (window.answers, window.bad) == counted


def test_after_a_resume_counting_begins_anew_with_what_ended_since() -> None:
    paused, _ = after([ending()] * WARM_UP)
    resumed = said("resume", 60)
    window, pauses = after([ending(at_s=59), ending(at_s=60)] * 10, paused, resumed)
    assert (window, pauses) == (Window(since=resumed.set_at), 0), "the same evidence does not pause it again"
    window, pauses = after([ending(at_s=61)] * (WARM_UP - 1), window, resumed)
    assert (window.answers, pauses) == (WARM_UP - 1, 0)
    window, pauses = after([ending(at_s=61)] * 3, window, resumed)
    assert (window, pauses) == (Window(since=resumed.set_at, answers=5, bad=5, paused=True), 1)
    assert after([ending(at_s=61)] * 9, window, resumed) == (window, 0), "one resume is one new beginning"
    assert after([ending(at_s=99)] * WARM_UP, window, said("resume", 90))[1] == 1


def test_what_was_said_last_may_be_older_than_the_pause() -> None:
    """The broadcast has not told of it yet, or nothing was ever said."""
    old = said("resume", -60)
    window, pauses = after([ending()] * 20, None, old)
    assert (window.paused, pauses) == (True, 1)
    assert after([ending()] * 20, window, old) == (window, 0)
    assert after([ending()] * 20, window, None) == (window, 0)


def test_where_somebody_has_paused_it_already_nothing_is_said_beside_that() -> None:
    window, pauses = after([ending()] * 20, None, said("pause", -1))
    assert (window.answers, window.paused, pauses) == (20, False, 0)
    resumed = said("resume", 60)
    assert after([ending(at_s=61)], window, resumed)[0] == Window(since=resumed.set_at, answers=1, bad=1)
