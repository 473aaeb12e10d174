"""Lets judges compare the answers of a batch, within a set time for all of them together.

Equal answers need no judge's instruments and no time, so those that nobody can decide are for the most part different
ones. Were they passed over, what is learnt would be of equal ones alone. So a pair that nobody could decide is taken
for different; and whoever failed at it is left alone for a while, with all pairs, the equal ones too.
"""

import asyncio
from dataclasses import replace

from headchef_contracts.events.common import Body
from headchef_contracts.events.semantic import Comparison

from headchef.equality import Different, Judged, Judges, ToBeAsked, Undecided
from headchef.runtime.clock import Clock

LEFT_ALONE_S = 30.0
"""A judge that lacks time, or an embedder, is not tried again before: each try may be an error that was none."""


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
        self._left_alone: dict[str, float] = {}

    def sitting(self) -> "Sitting":
        """Begin with a batch."""
        return Sitting(self, self._clock.monotonic() + self._limit_s)

    async def compare(self, comparison: Comparison, one: Body, other: Body, until_s: float) -> Judged:
        """Say whether two answers are the same.

        Args:
            comparison: who is to judge, and how.
            one: output of an answer.
            other: of another.
            until_s: on the monotonic clock, when the time is over.

        Returns:
            Undecided only where that has nothing to do with the two answers.

        Raises:
            TimeoutError: it was over while they were compared.
        """
        now_s = self._clock.monotonic()
        if now_s < self._left_alone.get(comparison.judge, 0.0):
            return Judged(Undecided("the judge is left alone for a while: it could not decide"), comparison.judge)
        async with asyncio.timeout(until_s - now_s):
            judged = await self._judges.compare(comparison, one, other)
        if isinstance(judged.opinion, Undecided) and not isinstance(judged.opinion, ToBeAsked):
            self._leave_alone(comparison)
            return replace(judged, opinion=Different(f"nobody could say: {judged.opinion.why}"))
        return judged

    def over(self, comparison: Comparison) -> Judged:
        """Say that the time of a batch is over, which has nothing to do with what comes after."""
        return Judged(Undecided(f"answers were not compared within {self._limit_s:g} s"), comparison.judge)

    def too_late(self, comparison: Comparison) -> Judged:
        """Say that two answers took too long."""
        self._leave_alone(comparison)
        return Judged(Different(f"to compare them takes more than {self._limit_s:g} s"), comparison.judge)

    def is_time(self, until_s: float) -> bool:
        """Say whether a time has not come yet."""
        return self._clock.monotonic() < until_s

    def _leave_alone(self, comparison: Comparison) -> None:
        self._left_alone[comparison.judge] = self._clock.monotonic() + LEFT_ALONE_S


class Sitting:
    """Compares the answers of one batch.

    Args:
        judging: compares two answers.
        until_s: on the monotonic clock, when the time is over.
    """

    def __init__(self, judging: Judging, until_s: float) -> None:
        self._judging = judging
        self._until_s = until_s
        self._late = False

    async def compare(self, comparison: Comparison, one: Body, other: Body) -> Judged:
        """Say whether two answers are the same; undecided where the time is over. Before it others get their turn."""
        await asyncio.sleep(0)
        if self._late or not self._judging.is_time(self._until_s):
            return self._judging.over(comparison)
        try:
            return await self._judging.compare(comparison, one, other, self._until_s)
        except TimeoutError:
            self._late = True
            return self._judging.too_late(comparison)
