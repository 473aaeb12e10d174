"""Holds earlier questions in memory, and finds the nearest within a tenant and scope."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headchef.cache.meanings import Near, Question
from headchef.cache.semantic.learning import near_of
from headchef.embedding import Vector

_FIRST_ROWS = 16


class _Scope:
    def __init__(self, dimensions: int) -> None:
        self._rows: NDArray[np.float32] = np.zeros((_FIRST_ROWS, dimensions), np.float32)
        self._questions: list[Question] = []
        self._places: dict[str, int] = {}

    def put(self, question: Question) -> None:
        place = self._places.setdefault(question.fingerprint, len(self._questions))
        if place == len(self._questions):
            self._questions.append(question)
        if place == len(self._rows):
            self._rows = np.concatenate((self._rows, np.zeros_like(self._rows)))
        self._questions[place] = question
        self._rows[place] = np.asarray(question.vector, np.float32)

    def nearest(self, vector: Vector, top_k: int) -> list[Near]:
        scores = self._rows[: len(self._questions)] @ np.asarray(vector, np.float32)
        # Of equal scores those that came first stay first, so that a replay is always the same.
        places = np.argsort(-scores, kind="stable")[:top_k]
        return [near_of(self._questions[place], float(scores[place])) for place in places]


class EarlierQuestions:
    """Holds one question a tenant and fingerprint."""

    def __init__(self) -> None:
        self._scopes: dict[tuple[str, str], _Scope] = {}

    def put(self, question: Question) -> None:
        """Keep a question, in the place of an earlier one with its fingerprint."""
        where = (question.tenant, question.scope)
        if where not in self._scopes:
            self._scopes[where] = _Scope(len(question.vector))
        self._scopes[where].put(question)

    def nearest(self, tenant: str, scope: str, vector: Vector, top_k: int) -> Sequence[Near]:
        """Give the nearest earlier questions, the nearest first.

        Args:
            tenant: whose.
            scope: of all in them that must be equal.
            vector: of the free texts, of length 1.
            top_k: so many at most, from 1.
        """
        found = self._scopes.get((tenant, scope))
        return [] if found is None else found.nearest(vector, top_k)
