"""The small bound that the caches' store has in some worlds, and what is seen of how caches keep to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from headchef.cache.bounded import Bound, BoundedAnswerStore
from headchef.cache.selection import Selection
from headchef.cache.store import AnswerStore, Ranking, Sought, StoredAnswer
from headchef.runtime.surroundings import Surroundings
from tests.simulation.store import SharedStore, StoreConnection

_FREE_USD = 1e-6
"""What counts for the cost of an answer that cost nothing."""

_CLOSE = 1e-9
"""USD; costs are added up as floats."""


def connected(server: SharedStore, surroundings: Surroundings) -> AnswerStore:
    """Connect a process to the server, with the bound of its world if there is one."""
    if server.most is None:
        return StoreConnection(server)
    return WatchedBound(server, server.most, surroundings)


class WatchedBound(BoundedAnswerStore):
    """Keeps to the bound of a world, and tells the server of what does not hold.

    Args:
        server: has the answers, and a bound.
        most: the bound.
        surroundings: of the process.
    """

    def __init__(self, server: SharedStore, most: int, surroundings: Surroundings) -> None:
        connection = _WatchedConnection(server)
        super().__init__(connection, Bound(most), surroundings.clock, surroundings.metrics)
        self._server, self._most = server, most

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        before = self._server.taken
        await super().put(answers)
        meanwhile = self._server.taken - before - len(answers)
        if (count := len(self._server.answers.contents)) > self._most + meanwhile:
            self._server.beyond.append(f"{count} answers are kept of {self._most}, and others have put {meanwhile}")


@dataclass(frozen=True, slots=True)
class _Round:
    """What there was when a process began to make room: answers by their fingerprints, and what it had used.

    What it had used, and has been put or valued anew by somebody since, is in `used_before`, with what that had cost:
    it may have gained by it.
    """

    changes: int
    answers: Mapping[str, StoredAnswer]
    used: Collection[str]
    used_before: Mapping[str, float]


class _WatchedConnection(StoreConnection):
    """Sees which answers a process puts, uses and removes; by what is said of worth it works out anew which should go.

    Only where nobody else changes anything meanwhile.
    """

    def __init__(self, server: SharedStore) -> None:
        super().__init__(server)
        self._used: dict[str, tuple[float, float]] = {}
        self._round: _Round | None = None

    async def lookup(self, sought: Sequence[Sought]) -> Sequence[StoredAnswer | None]:
        found = await super().lookup(sought)
        self._used |= {each.fingerprint: (each.worth, _cost_usd(each)) for each in found if each is not None}
        return found

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        levels = [each.worth - _cost_usd(each) for each in answers]
        if min(levels) < -_CLOSE or max(levels) - min(levels) > _CLOSE:
            self._server.beyond.append(f"answers are put that are not worth their cost on top of one level: {levels}")
        await super().put(answers)

    async def count(self) -> int:
        counted = await super().count()
        answers = {each.fingerprint: each for each in self._server.answers.contents}
        there = {name: seen for name, seen in self._used.items() if name in answers}
        used = {name for name, (worth, _) in there.items() if answers[name].worth == worth}
        before = {name: cost_usd for name, (_, cost_usd) in there.items() if name not in used}
        self._round = _Round(self._server.changes, answers, used, before)
        return counted

    async def revalue(self, worths: Sequence[Ranking]) -> None:
        alone = self._alone()
        await super().revalue(worths)
        self._used = {}
        if alone is not None:
            self._round = replace(alone, changes=alone.changes + 1)

    async def remove(self, selection: Selection) -> None:
        alone = self._alone()
        await super().remove(selection)
        # What is taken back as it holds no longer is chosen by its tenant too.
        evicted = selection.fingerprints if selection.tenant is None else None
        if evicted is None or alone is None or self._server.changes != alone.changes + 1:
            return
        gone = set(evicted)
        level = sorted(each.worth for each in alone.answers.values())[len(gone) - 1]
        left = [(_range(each, level, alone)[1], name) for name, each in alone.answers.items() if name not in gone]
        went = [(_range(alone.answers[name], level, alone)[0], name) for name in gone if name in alone.answers]
        if left and went and max(went)[0] > min(left)[0] + _CLOSE:
            self._server.beyond.append(f"{max(went)} has gone, and {min(left)} has stayed, which is worth less")

    def _alone(self) -> _Round | None:
        """Give what there was, unless somebody has changed it."""
        known = self._round
        return known if known is not None and known.changes == self._server.changes else None


def _range(answer: StoredAnswer, level: float, known: _Round) -> tuple[float, float]:
    """Give what an answer is worth at least and at most in a round: its use counts where it would else have to go."""
    if (cost_usd := known.used_before.get(answer.fingerprint)) is not None:
        return answer.worth, max(level + cost_usd, answer.worth)
    if answer.fingerprint not in known.used:
        return answer.worth, answer.worth
    anew = level + _cost_usd(answer)
    return (anew, anew) if answer.worth <= level else (answer.worth, max(anew, answer.worth))


def _cost_usd(answer: StoredAnswer) -> float:
    return max(float(answer.cost_usd or 0), _FREE_USD)
