"""Compares a fresh answer with earlier ones, each pair once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Cause
from headchef_contracts.events.semantic import Nearest, SemanticQuestion

from headchef.cache.meanings import Near
from headchef.cache.semantic.guessing import NEIGHBOURS
from headchef.cache.semantic.judging import Sitting
from headchef.cache.store import Sought, StoredAnswer
from headchef.equality import Judged, Same


@dataclass(frozen=True, slots=True)
class Fresh:
    """A question with its fresh answer.

    Attributes:
        event_id: of the verdict.
        cause: its record.
        settled: the verdict.
        question: as it is compared with others.
        stored: the answer.
    """

    event_id: str
    cause: Cause
    settled: CacheSettled
    question: SemanticQuestion
    stored: StoredAnswer

    @property
    def nearest(self) -> Nearest | None:
        """The earlier question whose answer would have been reused; None where there was none."""
        return None if self.settled.used is None else self.settled.used.nearest


class Answers:
    """Earlier answers, of the store and of the same batch.

    Args:
        earlier: of the store.
        fresh: of the batch.
    """

    def __init__(self, earlier: Mapping[Sought, StoredAnswer], fresh: Iterable[StoredAnswer]) -> None:
        self._known = {**earlier, **{Sought(each.tenant, each.fingerprint): each for each in fresh}}

    def of(self, tenant: str, fingerprint: str) -> StoredAnswer | None:
        """Give the answer of a tenant's question, or None."""
        return self._known.get(Sought(tenant, fingerprint))


class Comparing:
    """Compares one fresh answer.

    Args:
        sitting: says whether two answers are the same.
        fresh: the answer, and the question to it.
        answers: earlier ones.
    """

    def __init__(self, sitting: Sitting, fresh: Fresh, answers: Answers) -> None:
        self.fresh = fresh
        self._sitting = sitting
        self._answers = answers
        self._judged: dict[str, Judged | None] = {}

    async def with_answer(self, fingerprint: str) -> Judged | None:
        """Compare with the answer to an earlier question of the tenant; None if that is not there any more."""
        if fingerprint not in self._judged:
            other = self._answers.of(self.fresh.settled.tenant, fingerprint)
            self._judged[fingerprint] = (
                None
                if other is None
                else await self._sitting.compare(
                    self.fresh.question.compare, self.fresh.stored.answer.output, other.answer.output
                )
            )
        return self._judged[fingerprint]

    async def group(self, near: Sequence[Near]) -> str:
        """Find the group of questions that have the same answer; of each group the nearest one is compared.

        Args:
            near: earlier questions, in any order, also of other scopes.

        Returns:
            The name of the group; the question's own fingerprint if it begins one.
        """
        settled = self.fresh.settled
        mine = (settled.tenant, self.fresh.question.scope)
        others = {
            each.fingerprint: each
            for each in near
            if (each.tenant, each.scope) == mine and each.fingerprint != settled.fingerprint
        }
        nearest = sorted(others.values(), key=lambda each: (-each.score, each.fingerprint))[:NEIGHBOURS]
        different: set[str] = set()
        for each in nearest:
            if each.group in different:
                continue
            judged = await self.with_answer(each.fingerprint)
            if judged is None:
                continue
            if isinstance(judged.opinion, Same):
                return each.group
            different.add(each.group)
        return settled.fingerprint
