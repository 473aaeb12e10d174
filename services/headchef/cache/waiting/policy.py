"""Decides who may wait for whom, for how long, and how many go on at once when there is no answer. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from headchef_contracts.events.common import JobClass
from headchef_contracts.events.steps import Step

MOST_AT_ONCE = 256
"""Questions that are asked at once, at most, after the same one was asked in vain."""

MOST_LEADERS = MOST_AT_ONCE
"""Who asks one question that are known, at most, the last ones: as many as go on at once. They are written with each
step that leaves a line, and of 10,000 whose waits end together all but a few ask in vain what the others ask."""

MOST_STEP_BYTES = 1_048_576
"""A larger step does not wait: with an answer beside it, it would be more than a topic takes."""

MOST_LINE_BYTES = 256 * 1_048_576
"""Steps that wait for one answer, in all; more of them do not wait."""

PIECE = 200
"""Steps that are answered in one transaction, at most: work for other questions goes on between two of them."""

PIECE_BYTES = 2 * 1_048_576
"""As much is written in one transaction, and one step more."""

LATER = timedelta(seconds=0.5)
"""Until it is looked again whether an answer holds, where that cannot be known."""

MOST_ANSWERED_BYTES = 4_194_304 - 65_536
"""A step and its answer in one event, of which its topic takes 4 MiB with all that is beside them."""


@dataclass(frozen=True, slots=True)
class WaitPolicy:
    """How long a question waits for the answer to the same one.

    Attributes:
        interactive_s: seconds, for jobs that somebody waits for.
        bulk_s: seconds, for the others.
    """

    interactive_s: float = 60.0
    bulk_s: float = 7200.0

    def longest(self, job_class: JobClass) -> timedelta:
        """Say how long the first in a line waits, and for how long a question counts as being asked."""
        return timedelta(seconds=self.interactive_s if job_class == "interactive" else self.bulk_s)

    def due(self, step: Step, ahead: int, now: datetime) -> datetime:
        """Say until when a step waits, and then goes to its model.

        One goes when the wait is over, two after another wait, then four: a question that is answered slowly is not
        asked by all at once, and of n steps none waits longer than log2(n) + 1 times as long as the first. A step
        with a deadline waits for half of what is left at most, since its own call takes time too.

        Args:
            step: that is to wait.
            ahead: how many of its class wait in the same line.
            now: the wall clock's time.
        """
        due = now + self.longest(step.job.job_class) * (ahead + 1).bit_length()
        return due if step.latest is None else min(due, now + (step.latest - now) / 2)


def may_wait_for(job_class: JobClass, leader: JobClass) -> bool:
    """Say whether a step of a class may wait for one of another: nobody who is waited for waits for bulk."""
    return job_class == "bulk" or leader == "interactive"


def next_round(released: int, waiting: int) -> int:
    """Say how many go on when all that were asked have failed: one, then each time twice as many, up to a bound.

    Args:
        released: how many went on together before; 0 the first time.
        waiting: how many wait.
    """
    return min(max(1, 2 * released), MOST_AT_ONCE, waiting)
