"""Finds the nearest of the questions that are stored: from a list of each question's nearest, made once an embedder."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headchef.bound import MOST, Neighbour
from headchef.embedding import Embedder

_LISTED = 256
_PARTS = ((0, 32), (32, 96), (96, _LISTED))
_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vectors of all questions, and which are near to which.

    Attributes:
        rows: of length 1, one for each question.
        nearest: of each question the nearest others, the nearest first.
        scores: theirs.
    """

    rows: Any
    nearest: Any
    scores: Any


@dataclass(slots=True)
class Stored:
    """Those that have been asked so far.

    Args:
        vectors: of all.
        answers: what each means.
    """

    vectors: Vectors
    answers: Sequence[int]
    _is_in: bytearray = field(init=False)
    _in: list[int] = field(init=False, default_factory=list)
    _rows: Any = field(init=False)

    def __post_init__(self) -> None:
        self._is_in = bytearray(len(self.answers))
        self._rows = np.empty_like(self.vectors.rows)

    def add(self, question: int) -> None:
        """Store one."""
        self._is_in[question] = 1
        self._rows[len(self._in)] = self.vectors.rows[question]
        self._in.append(question)

    def nearest(self, question: int, most: int = MOST) -> list[tuple[int, float]]:
        """Give the nearest with their scores, the nearest first."""
        found: list[tuple[int, float]] = []
        for start, end in _PARTS:
            others = self.vectors.nearest[question, start:end].tolist()
            places = [place for place, other in enumerate(others, start) if self._is_in[other]]
            found += [(others[place - start], float(self.vectors.scores[question, place])) for place in places]
            if len(found) >= most:
                return found[:most]
        if len(found) == len(self._in):
            return found
        scores = self._rows[: len(self._in)] @ self.vectors.rows[question]
        best = np.argsort(-scores, kind="stable")[:most]
        return [(self._in[place], float(scores[place])) for place in best]

    def neighbours(self, near: Sequence[tuple[int, float]]) -> list[Neighbour]:
        """Give them as the bound sees them."""
        return [Neighbour(score, str(self.answers[other])) for other, score in near]


def embedded(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """Embed all, and list which are near to which."""
    rows = np.array(asyncio.run(_all_of(embedder, texts)), dtype=np.float32)
    nearest, scores = [], []
    for start in range(0, len(rows), _ROWS):
        products = rows[start : start + _ROWS] @ rows.T
        for place, row in enumerate(products):
            row[start + place] = -2.0
        listed = np.argpartition(-products, _LISTED, axis=1)[:, :_LISTED]
        known = np.take_along_axis(products, listed, 1)
        order = np.argsort(-known, axis=1, kind="stable")
        nearest.append(np.take_along_axis(listed, order, 1).astype(np.int32))
        scores.append(np.take_along_axis(known, order, 1))
    return Vectors(rows, np.concatenate(nearest), np.concatenate(scores))


async def _all_of(embedder: Embedder, texts: Sequence[str]) -> Sequence[Sequence[float]]:
    return await embedder.embed(texts)
