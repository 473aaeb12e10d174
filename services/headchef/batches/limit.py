"""Holds what the jobs of a batch come to against the share that may be bad, and says when the batch is to pause. Pure.

What counts are answers, the newest of each job when it is counted: `ok` and `needs_review` are good, `rejected` and
`failed` are bad. Not what was refused, cancelled, or too late for its deadline: nothing was paid for it, and a pause
itself lets deadlines pass. A rerun is one more answer.

After a pause nothing counts until the batch is resumed; then counting begins anew, with what ended after that.
"""

from dataclasses import dataclass

from headchef_contracts.events.batches import BatchCounted
from headchef_contracts.events.brakes import BrakeSet

from headchef.batches.account import Window
from headchef.evidence import is_above

_BAD = ("rejected", "failed")
_GOOD = ("ok", "needs_review")


@dataclass(frozen=True, slots=True)
class Brake:
    """What a processor knows of the brake that it may set.

    Attributes:
        warm_up: answers that are waited for before a batch is paused.
        said: what the broadcast has said last of the batch; None if nothing yet.
    """

    warm_up: int
    said: BrakeSet | None = None


def held_against(window: Window, news: BatchCounted, max_rate: float | None, brake: Brake) -> tuple[Window, bool]:
    """Count an answer.

    Args:
        window: what has been counted since the batch began, or was resumed.
        news: what a job came to; it was not counted before.
        max_rate: the share that may be bad; None for any.
        brake: what is known of it.

    Returns:
        The window as it is now, and whether the batch is to pause.
    """
    said = brake.said
    # A resume is known by its time: the broadcast may not have told of our own pause yet, and still tell of an old one.
    if said is not None and said.action == "resume" and said.set_at != window.since:
        window = Window(since=said.set_at)
    if window.paused or not _counts(news, window):
        return window, False
    counted = window.model_copy(
        update={"answers": window.answers + 1, "bad": window.bad + (news.status in _BAD)},
    )
    is_paused = said is not None and said.action == "pause"
    if max_rate is None or is_paused or counted.answers < brake.warm_up:
        return counted, False
    pause = is_above(counted.answers, counted.bad, max_rate)
    return counted.model_copy(update={"paused": pause}), pause


def _counts(news: BatchCounted, window: Window) -> bool:
    if news.status not in _GOOD and news.status not in _BAD:
        return False
    if any(each.failure == "deadline_exceeded" for each in news.reasons):
        return False
    return window.since is None or news.ended_at > window.since
