"""Lets judges compare the answers of a batch, within a set time for all of them together."""

import asyncio

from headchef_contracts.events.common import Body
from headchef_contracts.events.semantic import Comparison

from headchef.equality import Judged, Judges, Undecided
from headchef.runtime.clock import Clock


class Judging:
    """Compares. Steps wait behind a batch of verdicts, so a judge that is slow has no say for the rest of one.

    Args:
        judges: say whether two answers are the same.
        limit_s: seconds that they may take for a batch; above 0.
        clock: for durations.
    """

    def __init__(self, judges: Judges, limit_s: float, clock: Clock) -> None:
        self._judges = judges
        self._limit_s = limit_s
        self._clock = clock

    def sitting(self) -> "Sitting":
        """Begin with a batch."""
        return Sitting(self._judges, self._clock.monotonic() + self._limit_s, self._limit_s, self._clock)


class Sitting:
    """Compares the answers of one batch.

    Args:
        judges: say whether two answers are the same.
        until_s: on the monotonic clock, when their time is over.
        limit_s: so many seconds they had at first.
        clock: for what is left.
    """

    def __init__(self, judges: Judges, until_s: float, limit_s: float, clock: Clock) -> None:
        self._judges = judges
        self._until_s = until_s
        self._limit_s = limit_s
        self._clock = clock
        self._late = False

    async def compare(self, comparison: Comparison, one: Body, other: Body) -> Judged:
        """Say whether two answers are the same; undecided where the time is over. Before it others get their turn."""
        await asyncio.sleep(0)
        left_s = 0.0 if self._late else self._until_s - self._clock.monotonic()
        if left_s > 0:
            try:
                async with asyncio.timeout(left_s):
                    return await self._judges.compare(comparison, one, other)
            except TimeoutError:
                self._late = True
        return Judged(Undecided(f"answers were not compared within {self._limit_s:g} s"), comparison.judge)
