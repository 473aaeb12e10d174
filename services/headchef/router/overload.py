"""Decides when no new jobs are taken: before waiting work could expire: it is told what waits, and when."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from headchef.runtime.backlog import Oldest

_log = logging.getLogger(__name__)

_UNITS = ((86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes"))
_MANY = 2.0


@dataclass(frozen=True, slots=True)
class OverloadPolicy:
    """From when and until when new jobs are refused.

    Attributes:
        refuse_at: share of a topic's retention that its oldest unfinished record has waited.
        accept_below: share below which jobs are taken again; less than the other, so that the door does not flap.
    """

    refuse_at: float
    accept_below: float


class OverloadState:
    """Whether the door is shut.

    Args:
        policy: the limits.
        own: the processor whose door it is. The age of what it reads itself shuts the door only while it falls behind:
            after a pause it has old records before it, and takes a job on as fast as it refuses one.
    """

    def __init__(self, policy: OverloadPolicy, own: str) -> None:
        self._policy = policy
        self._own = own
        self._shut = False
        self._judged: tuple[Oldest, ...] = ()
        self._because: str | None = None

    def look(self, oldest: tuple[Oldest, ...], now_s: float) -> str | None:
        """Judge each look at the backlog once, as between two looks nothing new is known, and log what has changed.

        Args:
            oldest: what the newest look has found.
            now_s: seconds of the epoch.
        """
        if oldest is not self._judged:
            before = self._because
            self._judged, self._because = oldest, self.judge(oldest, now_s)
            if self._because is not None and before is None:
                _log.warning("no new jobs are taken: %s", self._because)
            elif self._because is None and before is not None:
                _log.warning("new jobs are taken again")
        return self._because

    def judge(self, oldest: Iterable[Oldest], now_s: float) -> str | None:
        """Say why new jobs are refused, in words that say what to do; None if they are taken.

        Args:
            oldest: what is known of the work that waits.
            now_s: seconds of the epoch.
        """
        limit = self._policy.accept_below if self._shut else self._policy.refuse_at
        worst = max(
            (each for each in oldest if each.processor != self._own or each.falling_behind),
            key=lambda each: each.used(now_s),
            default=None,
        )
        self._shut = worst is not None and worst.used(now_s) >= limit
        if worst is None or worst.retention_s is None or not self._shut:
            return None
        return self._words(worst, worst.retention_s, now_s)

    def _words(self, worst: Oldest, retention_s: float, now_s: float) -> str:
        return (
            f"{worst.topic}[{worst.partition}]: its oldest unfinished record has waited"
            f" {_duration(worst.age_s(now_s))} of {_duration(retention_s)}, after which it is lost;"
            f" no new jobs are taken until that is below {_duration(self._policy.accept_below * retention_s)}. Publish"
            " this job again then, or have it sent back by `headchef dlq redrive --reason overloaded`"
        )


def _duration(seconds: float) -> str:
    for size_s, unit in _UNITS:
        if seconds >= _MANY * size_s:
            return f"{seconds / size_s:.1f} {unit}"
    return f"{seconds:.1f} s"
