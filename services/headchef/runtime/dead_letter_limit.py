"""When a processor has sent so many records to the dead letters that it, or whoever wrote them, must be broken.

A bad deploy would otherwise drain a topic into its dead letters. Counted is one task's input since the task began here.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

_AS_MANY = "are dead letters, as many as HEADCHEF_DEAD_LETTERS_{} allows"


@dataclass(frozen=True, slots=True)
class DeadLetterPolicy:
    """How many records may be dead letters. What is 0 sets no limit.

    Attributes:
        in_a_row: without one between them that was taken.
        share: of the last `window` records, from 0 to 1.
        window: how many records the share is of.
    """

    in_a_row: int
    share: float
    window: int


class DeadLetterState:
    """What became of the records so far.

    Args:
        policy: the limits.
        recent: ordinals of the dead letters in the window.
        taken: records so far.
        row: dead letters since the last record that was none.
    """

    def __init__(self, policy: DeadLetterPolicy, recent: Iterable[int] = (), taken: int = 0, row: int = 0) -> None:
        self._policy = policy
        self._recent = deque(recent)
        self._taken = taken
        self._row = row

    def copy(self) -> "DeadLetterState":
        """Give another one with the same progress."""
        return DeadLetterState(self._policy, self._recent, self._taken, self._row)

    def take(self, *, dead: bool) -> str | None:
        """Take one more record.

        Args:
            dead: whether it goes to the dead letters.

        Returns:
            None, or which limit it passes, in words that name the setting; the record is then not counted.
        """
        if dead and (passed := self._passed()) is not None:
            return passed
        self._taken += 1
        self._row = self._row + 1 if dead else 0
        if dead:
            self._recent.append(self._taken)
        self._forget()
        return None

    def _passed(self) -> str | None:
        policy = self._policy
        if policy.in_a_row and self._row >= policy.in_a_row:
            return f"{self._row} records in a row {_AS_MANY.format('IN_A_ROW')}"
        # The oldest record leaves the window when this one comes.
        staying = len(self._recent) - (1 if self._recent and self._recent[0] <= self._taken + 1 - policy.window else 0)
        if policy.share and staying + 1 > policy.share * policy.window:
            return f"{staying} of the last {policy.window} records {_AS_MANY.format('SHARE')}"
        return None

    def _forget(self) -> None:
        while self._recent and self._recent[0] <= self._taken - self._policy.window:
            self._recent.popleft()
