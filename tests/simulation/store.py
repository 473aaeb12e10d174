"""The answer store that all caches share, as a server: slow, failing, away, full, lost, or with bad answers."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from headchef_contracts.events.common import Inline

from headchef.cache.selection import Selection
from headchef.cache.store import AnswerStore, Ranking, Sought, StoredAnswer
from headchef.embedding import HashedEmbedder
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.log.port import Partition
from tests.cache.memory_store import MemoryAnswerStore
from tests.qdrant.memory_points import MemoryPoints
from tests.simulation.faults import NONE, Faults

EMBEDDER = HashedEmbedder(32, apart_from=None)
"""Of the questions; on no thread, as a seed would not say when that is done."""

_SLOW_S = 0.5


_BOUND_SHARE, _MOST = 0.12, 8
"""Of the worlds; and answers, where a world asks some dozens of questions."""


@dataclass(frozen=True, slots=True)
class Loss:
    """The store was lost, with all that was in it.

    Attributes:
        at_s: when, on the loop's clock.
        ends: of the partitions of `cache.settled` then: what was said before it can be put back.
    """

    at_s: float
    ends: Mapping[Partition, int]


class SharedStore:
    """The server: what was stored outlives every process.

    Args:
        faults: how often it misbehaves.
        chance: when.
        compares: whether there are questions that may be compared by their meaning.
        most: answers that caches keep in it; None for a world in which there is no bound.

    Attributes:
        answers, questions: what it has.
        taken, changes: how many answers were put, and how often anything was put, removed or valued anew.
        loss: of all that it had; None where it was not lost.
        beyond: what was seen of a bound that was not kept to, or not as is said.
        away: whether every operation fails.
        full: whether what would be written is refused.
    """

    def __init__(self, faults: Faults, chance: Random, *, compares: bool = False, most: int | None = None) -> None:
        self.compares, self.most = compares, most
        self.taken, self.changes, self.beyond = 0, 0, list[str]()
        self.loss: Loss | None = None
        self.answers, self.questions = MemoryAnswerStore(), MemoryPoints(EMBEDDER.dimensions)
        self.away = self.full = False
        self._faults = faults
        self._chance = chance

    def heal(self) -> None:
        """Work without faults from now on."""
        self._faults, self.away, self.full = NONE, False, False

    def lose(self, loss: Loss) -> None:
        """Have nothing any more, as where somebody has dropped all; who comes next finds a store that is made anew."""
        self.loss = loss
        self.answers, self.questions = MemoryAnswerStore(), MemoryPoints(EMBEDDER.dimensions)
        self.answers.empty = True

    async def operate(self) -> None:
        """Take the time of an operation, and fail if it is to fail."""
        if self._chance.random() < self._faults.slow_store:
            await asyncio.sleep(_SLOW_S * self._chance.random())
        else:
            await asyncio.sleep(0)
        if self.away or self._chance.random() < self._faults.failing_store:
            raise StoreUnavailable("away", "the simulated store does not answer")

    def handed_out(self, answer: StoredAnswer | None) -> StoredAnswer | None:
        """Give an answer as a lookup finds it: some that are JSON are not what their schema asks for."""
        if answer is None or not isinstance(answer.answer.output, Inline):
            return answer
        text = str(answer.answer.output.inline)
        if text.startswith("{") and self._chance.random() < self._faults.spoiled_answers:
            spoiled = answer.answer.model_copy(update={"output": Inline(inline=text[: len(text) // 2])})
            return replace(answer, answer=spoiled)
        return answer


class StoreConnection(AnswerStore):
    """One process's connection to the server."""

    def __init__(self, server: SharedStore) -> None:
        self._server = server

    async def open(self) -> None:
        await self._server.operate()
        await self._server.answers.open()

    async def lookup(self, sought: Sequence[Sought]) -> Sequence[StoredAnswer | None]:
        await self._server.operate()
        return [self._server.handed_out(found) for found in await self._server.answers.lookup(sought)]

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        await self._server.operate()
        if self._server.full:
            raise StoreUnavailable("server", "no space left on device")
        await self._server.answers.put(answers)
        self._server.taken += len(answers)
        self._server.changes += 1

    async def remove(self, selection: Selection) -> None:
        await self._server.operate()
        await self._server.answers.remove(selection)
        self._server.changes += 1

    async def least(self, most: int) -> Sequence[Ranking]:
        await self._server.operate()
        return await self._server.answers.least(most)

    async def revalue(self, worths: Sequence[Ranking]) -> None:
        await self._server.operate()
        await self._server.answers.revalue(worths)
        self._server.changes += 1

    async def unfilled(self) -> bool:
        return await self._server.answers.unfilled()

    async def set_unfilled(self, unfilled: bool) -> None:
        await self._server.answers.set_unfilled(unfilled)

    async def count(self) -> int:
        await self._server.operate()
        return await self._server.answers.count()

    async def close(self) -> None:
        """Leave the server as it is."""


def drawn_most(seed: int) -> int | None:
    """Draw how many answers caches keep; None in most worlds, for no bound."""
    chance = Random(f"{seed} bound of answers")
    return chance.randint(2, _MOST) if chance.random() < _BOUND_SHARE else None
