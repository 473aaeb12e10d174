"""Finds the earlier questions that are nearest in meaning: embeds, and searches, within a set time."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headchef_contracts.events.semantic import SemanticQuestion

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guard import Guard, Guarded, Withheld
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.invalidated import Invalidated, Origin
from headchef.cache.meanings import Near, SoughtMeaning
from headchef.cache.selection import Selection
from headchef.cache.store import Sought
from headchef.embedding import Embedder, EmbeddingFailed, Vector
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.clock import Clock
from headchef.runtime.telemetry.metrics import Metrics

MOST_CHARACTERS = 10_000
"""Of the free texts of a question: longer ones are compared with nobody's, as vectors tell little of them, and late."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        embedder: whose vectors were compared.
        vectors: of what was sought, in order; None of a text for which the embedder's quota leaves no room.
        near: earlier questions for each, the nearest first; none of such a text.
    """

    embedder: str
    vectors: Sequence[Vector | None]
    near: Sequence[Sequence[Near]]


class NearQuestions:
    """Finds them. An embedder that fails or is slow is left alone for a while, as a store is: steps do not wait.

    Args:
        embedder: turns texts into vectors.
        meanings: has the earlier questions; it may be away, and says so.
        invalidated: what holds no longer, which is not looked at: its answers may differ for other reasons than words.
        policy: when an embedder that failed is tried again.
        limit_s: seconds that it may take for a batch; above 0.
        clock: for waits and durations.
        metrics: for failures and durations.
        is_local: whether the embedder works here. Then it is never away: what takes it too long is left out, and others
            fare no worse for it.
    """

    def __init__(
        self,
        embedder: Embedder,
        meanings: GuardedMeanings,
        invalidated: Invalidated,
        policy: CircuitPolicy,
        limit_s: float,
        clock: Clock,
        metrics: Metrics,
        *,
        is_local: bool = False,
    ) -> None:
        self._is_local = is_local
        self._embedder = embedder
        self._meanings = meanings
        self._invalidated = invalidated
        loss = "questions of another wording go to their models, and new ones are not kept"
        self._guard = Guard(Guarded("embedder", loss, _nothing_to_open), policy, clock, metrics)
        self._limit_s = limit_s

    @property
    def embedder(self) -> str:
        """Whose vectors are compared."""
        return self._embedder.name

    async def of(self, asked: Sequence[tuple[str, SemanticQuestion]], top_k: int) -> Found | None:
        """Find the nearest of several questions at once.

        Args:
            asked: the tenant and the question of each.
            top_k: so many at most for each, from 1.

        Returns:
            None where nobody could be asked. Of texts that the embedder's quota leaves out nothing is found.
        """
        vectors = await self._vectors([question.text for _, question in asked])
        if vectors is None:
            return None
        sought = {
            number: SoughtMeaning(tenant, question.scope, vector)
            for number, ((tenant, question), vector) in enumerate(zip(asked, vectors, strict=True))
            if vector is not None
        }
        found = await self._meanings.nearest(list(sought.values()), top_k) if sought else []
        if found is None:
            return None
        near = dict(zip(sought, found, strict=True))
        valid = [[each for each in near.get(number, ()) if not self._concerned(each)] for number in range(len(vectors))]
        return Found(self._embedder.name, vectors, valid)

    async def _vectors(self, texts: Sequence[str]) -> Sequence[Vector | None] | None:
        """Embed, and give what is at hand where the rest is withheld; None where the embedder is away."""
        at_hand: Mapping[str, Vector] | None = None

        async def embed() -> Sequence[Vector | None]:
            nonlocal at_hand
            try:
                async with asyncio.timeout(self._limit_s if self._is_local else None):
                    return await self._embedder.embed(texts)
            except TimeoutError as late:
                raise Withheld("timeout") from late
            except EmbeddingFailed as failed:
                if failed.withheld:
                    at_hand = failed.made
                    raise Withheld(failed.reason) from failed
                raise StoreUnavailable(failed.reason, failed.message) from failed

        vectors = await self._guard.attempt("embed", embed, limit_s=None if self._is_local else self._limit_s)
        return vectors if at_hand is None else [at_hand.get(text) for text in texts]

    async def forget(self, answers: Iterable[Sought]) -> None:
        """Let questions go whose answers serve nobody any more, so that whoever is nearest after them may.

        What a store that is away keeps stands in the way of others until it is found again, and serves nobody.

        Args:
            answers: that are not there, or were found wrong; where they lay.
        """
        gone: dict[str, dict[str, None]] = {}
        for each in answers:
            gone.setdefault(each.tenant, {})[each.fingerprint] = None
        for tenant, fingerprints in gone.items():
            await self._meanings.remove(Selection(tenant=tenant, fingerprints=tuple(fingerprints)))

    def _concerned(self, near: Near) -> bool:
        return self._invalidated.concerns(Origin(near.tenant, near.marks, near.planned_at))


async def _nothing_to_open() -> None:
    return None
