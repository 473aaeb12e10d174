"""Which tasks' places rest because calls of a former owner may still go on at the provider.

Pure: the time is an argument, in seconds that never run back.
"""

import logging
from collections.abc import Collection

_log = logging.getLogger(__name__)


class Rest:
    """Knows the tasks of one lane that came here without having been left clean.

    Whoever was killed, cut off or frozen may have begun calls of such a task. Nobody can tell; but none goes on for
    longer than a call may take.

    Args:
        lane: by name.
        call_timeout_s: after which a call is over.
    """

    def __init__(self, lane: str, call_timeout_s: float) -> None:
        self.call_timeout_s = call_timeout_s
        self._lane = lane
        self._until_s: dict[int, float] = {}

    def begin(self, task: int, now_s: float, *, matters: bool) -> None:
        """Let the places of a task rest from now on.

        Args:
            task: its number.
            now_s: the time.
            matters: whether calls at once are limited, so that anybody should be told.
        """
        self._until_s[task] = now_s + self.call_timeout_s
        if matters:
            _log.warning(
                "lane %s: the calls at once that belong to task %d rest for %g s: it was not left clean, and calls "
                "that its former owner has begun may go on",
                self._lane, task, self.call_timeout_s,
            )  # fmt: skip

    def forget(self, task: int) -> None:
        """Note that a task was left clean."""
        self._until_s.pop(task, None)

    def count(self, tasks: Collection[int], now_s: float) -> int:
        """Count those of some tasks whose places rest."""
        return sum(self._until_s.get(task, now_s) > now_s for task in tasks)
