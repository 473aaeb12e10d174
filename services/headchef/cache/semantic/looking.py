"""Looks for earlier answers to questions that mean the same: the texts of a batch embedded at once, and one search."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from headchef_contracts.events.semantic import SemanticQuestion
from headchef_contracts.events.steps import Step

from headchef.cache.guarded import GuardedStore
from headchef.cache.semantic.bounds import BoundsInForce
from headchef.cache.semantic.guessing import NEIGHBOURS, Guess, Looked, guess, whose
from headchef.cache.semantic.near import MOST_CHARACTERS, NearQuestions
from headchef.cache.store import Sought
from headchef.cache.validity import serving
from headchef.pooled import pool_account
from headchef.runtime.telemetry.metrics import Metrics


class SemanticLookup:
    """Looks.

    Args:
        near: finds earlier questions.
        answers: where their answers lie.
        bounds: say when one may be reused.
        metrics: counts guesses.
    """

    def __init__(self, near: NearQuestions, answers: GuardedStore, bounds: BoundsInForce, metrics: Metrics) -> None:
        self._near = near
        self._answers = answers
        self._bounds = bounds
        self._metrics = metrics

    async def look(self, steps: Mapping[str, Step], now: datetime) -> Mapping[str, Looked]:
        """Look for the answers that may serve steps which no exact answer serves.

        Args:
            steps: by the id of their event; those that may not be compared are passed over.
            now: the wall clock's time.

        Returns:
            By the same ids; nothing of a step that has no earlier question, or where nobody could be asked.
        """
        asked: dict[str, tuple[Step, SemanticQuestion]] = {}
        for id_, step in steps.items():
            if step.semantic is not None and len(step.semantic.text) > MOST_CHARACTERS:
                self._count([(step, step.semantic)], "too_long")
            elif step.semantic is not None:
                asked[id_] = (step, step.semantic)
        if not asked:
            return {}
        found = await self._near.of([(step.job.tenant, question) for step, question in asked.values()], NEIGHBOURS + 1)
        if found is None:
            self._count(asked.values(), "unavailable")
            return {}
        guesses: dict[str, Guess] = {}
        for (id_, (step, question)), vector, near in zip(asked.items(), found.vectors, found.near, strict=True):
            if vector is None:
                self._count([(step, question)], "quota")
                continue
            bound = self._bounds.of(pool_account(step.job.tenant, question.pool, found.embedder))
            made = guess(whose(step), question, [each for each in near if serving(each, now)], bound, found.embedder)
            self._count([(step, question)], "none" if made is None else made.nearest.choice)
            if made is not None:
                guesses[id_] = made
        return await self._with_answers(asked, guesses, now)

    async def _with_answers(
        self, asked: Mapping[str, tuple[Step, SemanticQuestion]], guesses: Mapping[str, Guess], now: datetime
    ) -> Mapping[str, Looked]:
        sought = {
            id_: Sought(asked[id_][0].job.tenant, made.nearest.fingerprint)
            for id_, made in guesses.items()
            if made.serves(asked[id_][1])
        }
        answers = await self._answers.lookup(list(sought.values())) if sought else []
        if answers is not None:
            await self._near.forget(where for where, each in zip(sought.values(), answers, strict=True) if each is None)
        # Away in between, or evicted: then it is asked.
        found = dict(zip(sought, answers or [None] * len(sought), strict=True))
        return {id_: Looked(made, serving(found.get(id_), now)) for id_, made in guesses.items()}

    def _count(self, asked: Iterable[tuple[Step, SemanticQuestion]], choice: str) -> None:
        for _, question in asked:
            self._metrics.count("headchef.cache.guesses", 1, {"choice": choice, "mode": question.mode})
