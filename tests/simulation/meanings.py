"""The questions that all caches share, beside the answers on the same server, and what a cache does with them."""

from collections.abc import Sequence

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guarded import GuardedStore
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.invalidations import Invalidations
from headchef.cache.meaning_points import PointMeanings
from headchef.cache.meanings import Near, Question, SoughtMeaning
from headchef.cache.semantic import ByMeaning
from headchef.cache.semantic.judging import Judging
from headchef.cache.semantic.near import NearQuestions
from headchef.equality import Instruments, Judges, installed
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.surroundings import Surroundings
from tests.simulation.store import EMBEDDER, SharedStore

_CIRCUIT = CircuitPolicy(1.0, 4.0)
_LIMIT_S = 0.4


class SharedMeanings(PointMeanings):
    """One process's connection to the questions on the server, which is slow, failing, away or full as it is.

    Args:
        server: has the answers too.
    """

    def __init__(self, server: SharedStore) -> None:
        super().__init__(server.questions)
        self._server = server

    async def open(self) -> None:
        await self._server.operate()
        await super().open()

    async def nearest(self, sought: Sequence[SoughtMeaning], top_k: int) -> Sequence[Sequence[Near]]:
        await self._server.operate()
        return await super().nearest(sought, top_k)

    async def put(self, questions: Sequence[Question]) -> None:
        await self._server.operate()
        if self._server.full:
            raise StoreUnavailable("server", "no space left on device")
        await super().put(questions)

    async def close(self) -> None:
        """Leave the server as it is."""


def by_meaning(
    server: SharedStore, answers: GuardedStore, invalidations: Invalidations, surroundings: Surroundings, homes: int
) -> ByMeaning | None:
    """Give what a cache does with other wordings; None in worlds where nobody asks so."""
    if not server.compares:
        return None
    clock, metrics = surroundings.clock, surroundings.metrics
    meanings = GuardedMeanings(SharedMeanings(server), _CIRCUIT, _LIMIT_S, clock, metrics)
    invalidations.forgetting.covers(meanings)
    near = NearQuestions(EMBEDDER, meanings, invalidations.invalidated, _CIRCUIT, _LIMIT_S, clock, metrics)
    judging = Judging(Judges(installed(), Instruments(EMBEDDER)), _LIMIT_S, clock)
    return ByMeaning(near, meanings, answers, judging, invalidations.taking_back, metrics, homes)
