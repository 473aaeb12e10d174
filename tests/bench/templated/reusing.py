"""Reuses the answers of a stream in three ways, and counts how many were made from other facts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from headchef.bound import MOST, Label, Neighbour, Pool, features, new_pool
from tests.bench.templated.questions import Question, Vector

MAX_WRONG, EXPLORE = 0.01, 0.05


@dataclass(frozen=True, slots=True)
class Reused:
    """What came of a stream.

    Attributes:
        questions: how many there were.
        reused: how many were answered by an earlier answer.
        wrong: of those, how many by one that was made from other facts.
    """

    questions: int
    reused: int
    wrong: int


@dataclass(frozen=True, slots=True)
class _Near:
    score: float
    facts: bytes


def nearest_in_scope(questions: Sequence[Question], vectors: dict[str, Vector]) -> Reused:
    """Answer each question by the nearest earlier one of its scope, however far that is."""
    return _counted(questions, vectors, lambda question, near: True)


def within_the_bound(questions: Sequence[Question], vectors: dict[str, Vector], seed: int) -> Reused:
    """Answer each question as the cache does: within its scope, and if the bound of its pool allows it.

    Args:
        questions: the stream.
        vectors: of the questions' texts.
        seed: of what is explored.
    """
    chance, pools = Random(seed), dict[str, Pool]()

    def serves(question: Question, near: Sequence[_Near]) -> bool:
        pool = pools.get(question.pool) or new_pool()
        known = features([Neighbour(each.score, each.facts.hex()) for each in near])
        bound = pool.bound()
        choice = bound.choose(known, MAX_WRONG, EXPLORE, chance.random())
        if choice == "serve":
            return True
        explored, wrong = choice == "explore", near[0].facts != question.facts
        label = Label(known, bound.wrong(known), wrong=wrong, explored=explored, explore=EXPLORE)
        pools[question.pool] = pool.learn(label)
        return False

    return _counted(questions, vectors, serves)


def whole_prompts(questions: Sequence[Question], vectors: dict[str, Vector], least: float) -> Reused:
    """Answer each question by the nearest earlier prompt, as a whole, if that is near enough.

    Args:
        questions: the stream.
        vectors: of the prompts.
        least: cosine that is near enough.
    """
    stored = np.zeros((len(questions), len(next(iter(vectors.values())))), np.float32)
    facts: list[bytes] = []
    reused = wrong = 0
    for question in questions:
        vector = vectors[question.prompt]
        scores = stored[: len(facts)] @ vector
        best = int(scores.argmax()) if facts else -1
        if best >= 0 and scores[best] >= least:
            reused += 1
            wrong += facts[best] != question.facts
        else:
            stored[len(facts)] = vector
            facts.append(question.facts)
    return Reused(len(questions), reused, wrong)


def _counted(
    questions: Sequence[Question],
    vectors: dict[str, Vector],
    serves: Callable[[Question, Sequence[_Near]], bool],
) -> Reused:
    known: dict[str, list[tuple[Vector, bytes]]] = {}
    reused = wrong = 0
    for question in questions:
        vector, theirs = vectors[question.text], known.setdefault(question.scope, [])
        near = sorted(
            (_Near(min(1.0, float(each @ vector)), facts) for each, facts in theirs), key=lambda one: -one.score
        )
        if near and serves(question, near[:MOST]):
            reused += 1
            wrong += near[0].facts != question.facts
        else:
            theirs.append((vector, question.facts))
    return Reused(len(questions), reused, wrong)
