"""An answer store that holds no more than so many answers: when it is full, those go that are worth least.

GreedyDual (Young 1994; Cao and Irani 1997): an answer is worth what it cost, on top of a level that rises. What is used
again gets its cost on top of the level of that time; the level is the least worth when one has to go. So an answer that
cost ten times as much stays ten times as long without being used, whatever the pressure is. A hit writes nothing: what
was used is remembered here until there are too many, and worths are written then, before anything goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from headchef.cache.selection import Selection
from headchef.cache.store import AnswerStore, Ranking, Sought, StoredAnswer
from headchef.runtime.clock import Clock
from headchef.runtime.telemetry.metrics import Metrics

_LEAST_COST_USD = 1e-6
"""Of answers that cost nothing, or nobody knows what: among them the last used stay longest."""

_MOST_USED = 100_000
"""Answers whose use is remembered, some 20 MB; who is used beyond that may go as if it had not been."""

_REMOVE_AT_ONCE = 1_000
"""In one request; a tenth of a second in a folder of 100,000."""


class Dependent(Protocol):
    """What is of no use without an answer, such as a question by its meaning."""

    async def remove(self, selection: Selection) -> object:
        """Remove what is selected; nothing is raised where that cannot be done now."""
        ...


@dataclass(frozen=True, slots=True)
class Bound:
    """How many answers are kept.

    Attributes:
        most: answers, from 1. Each process that writes to the store may put `slack` more before it looks.
    """

    most: int

    @property
    def slack(self) -> int:
        """How many are removed at once, so that it is done seldom: a fiftieth."""
        return max(1, self.most // 50)


class BoundedAnswerStore(AnswerStore):
    """Keeps to a bound while it puts.

    Args:
        store: has the answers.
        bound: on their number.
        clock: says what has expired.
        metrics: counts what was removed.
    """

    def __init__(self, store: AnswerStore, bound: Bound, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._bound = bound
        self._clock = clock
        self._metrics = metrics
        self._dependents: list[Dependent] = []
        self._level: float | None = None
        self._used: dict[str, tuple[float, float]] = {}
        self._put_since_counted = bound.slack

    def take_along(self, dependent: Dependent) -> None:
        """Have something removed with the answers that it belongs to, before these go."""
        self._dependents.append(dependent)

    async def open(self) -> None:
        """Open the store."""
        await self._store.open()

    async def lookup(self, sought: Sequence[Sought]) -> Sequence[StoredAnswer | None]:
        """Look for answers, and remember which were used."""
        found = await self._store.lookup(sought)
        for each in found:
            if each is not None and len(self._used) < _MOST_USED:
                self._used[each.fingerprint] = (each.worth, _value(each))
        return found

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Store answers, and make room if there are too many now."""
        if self._level is None:
            # Nothing that is there was worth less when the last one went.
            self._level = next((each.worth for each in await self._store.least(1)), 0.0)
        level = self._level
        await self._store.put([replace(each, worth=level + _value(each)) for each in answers])
        self._put_since_counted += len(answers)
        if self._put_since_counted >= self._bound.slack:
            await self._make_room()
            self._put_since_counted = 0

    async def remove(self, selection: Selection) -> None:
        """Remove answers."""
        await self._store.remove(selection)

    async def least(self, most: int) -> Sequence[Ranking]:
        """Give the answers of least worth."""
        return await self._store.least(most)

    async def revalue(self, worths: Sequence[Ranking]) -> None:
        """Give answers more worth."""
        await self._store.revalue(worths)

    async def unfilled(self) -> bool:
        """Say whether it is to be filled again."""
        return await self._store.unfilled()

    async def set_unfilled(self, unfilled: bool) -> None:
        """Say whether it is to be filled again."""
        await self._store.set_unfilled(unfilled)

    async def count(self) -> int:
        """Count answers."""
        return await self._store.count()

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()

    async def _make_room(self) -> None:
        before = await self._store.count()
        if before <= self._bound.most:
            return
        await self._leave(Selection(expired_by=self._clock.now()))
        left = await self._store.count()
        # Others may have put more meanwhile.
        self._metrics.count("headchef.cache.evicted", max(0, before - left), {"reason": "expired"})
        if left <= self._bound.most:
            return
        over = left - self._bound.most + self._bound.slack
        # Where several go at once it is that of the last of them: what was used must not be a tie with what goes.
        if not (least := await self._store.least(over)):
            # All was written by a version that knew no worth; it goes as it is overwritten or expires.
            return
        self._level = least[-1].worth
        await self._revalue_used(self._level)
        for start in range(0, over, _REMOVE_AT_ONCE):
            least = await self._store.least(min(over - start, _REMOVE_AT_ONCE))
            await self._leave(Selection(fingerprints=tuple(each.fingerprint for each in least)))
            self._metrics.count("headchef.cache.evicted", len(least), {"reason": "room"})

    async def _revalue_used(self, level: float) -> None:
        used, self._used = self._used, {}
        await self._store.revalue(
            [
                Ranking(fingerprint, level + value)
                for fingerprint, (worth, value) in used.items()
                # Not for a little: what has most of its cost left is not what goes now.
                if level + value - worth > value / 2
            ]
        )

    async def _leave(self, selection: Selection) -> None:
        for each in self._dependents:
            await each.remove(selection)
        await self._store.remove(selection)


def _value(answer: StoredAnswer) -> float:
    return max(float(answer.cost_usd or 0), _LEAST_COST_USD)
