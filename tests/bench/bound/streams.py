"""Lets questions come one after the other, and counts what is served and what of that is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from headchef.bound import Label, features, new_pool
from tests.bench.bound.near import Stored, Vectors
from tests.bench.bound.vcache import VCache

EXPLORE = 0.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stream came to.

    Attributes:
        asked: questions in all.
        served: of them, those that got an earlier answer.
        wrong: of these, those whose own would have been another.
    """

    asked: int
    served: int
    wrong: int

    @property
    def share_served(self) -> float:
        """Of all questions."""
        return self.served / self.asked

    @property
    def share_wrong(self) -> float:
        """Of those that were served; 0 if none was."""
        return self.wrong / self.served if self.served else 0.0

    @property
    def share_wrong_of_all(self) -> float:
        """Of all questions, as vCache counts."""
        return self.wrong / self.asked


def ours(vectors: Vectors, answers: Sequence[int], order: Sequence[int], max_wrong: float, seed: int) -> Outcome:
    """Serve by the bound, which learns from all that is asked."""
    chance, stored, pool = Random(seed), Stored(vectors, answers), new_pool()
    served = errors = 0
    for question in order:
        near = stored.nearest(question)
        seen = features(stored.neighbours(near))
        bound, draw = pool.bound(), chance.random()
        choice = bound.choose(seen, max_wrong, EXPLORE, draw)
        wrong = not near or answers[near[0][0]] != answers[question]
        if choice == "serve":
            served, errors = served + 1, errors + wrong
            continue
        stored.add(question)
        if seen:
            pool = pool.learn(Label(seen, bound.wrong(seen), wrong, choice == "explore", EXPLORE))
    return Outcome(len(order), served, errors)


def vcache(vectors: Vectors, answers: Sequence[int], order: Sequence[int], max_wrong: float, seed: int) -> Outcome:
    """Serve as vCache decides."""
    chance, stored, cache = Random(seed), Stored(vectors, answers), VCache(max_wrong)
    served = errors = 0
    for question in order:
        near = stored.nearest(question, 1)
        if not near:
            stored.add(question)
            continue
        ((nearest, score),) = near
        right = answers[nearest] == answers[question]
        if cache.is_served(nearest, score, chance.random()):
            served, errors = served + 1, errors + (not right)
            continue
        cache.learn(nearest, score, right)
        if not right:
            stored.add(question)
    return Outcome(len(order), served, errors)


def by_score(vectors: Vectors, answers: Sequence[int], order: Sequence[int]) -> list[tuple[float, bool]]:
    """Give the score of each one's nearest earlier question, and whether its answer would be wrong, the nearest first.

    All questions are stored: it could not have been so had any been served, and is to the threshold's advantage.
    """
    stored, seen = Stored(vectors, answers), []
    for question in order:
        seen += [(score, answers[other] != answers[question]) for other, score in stored.nearest(question, 1)]
        stored.add(question)
    return sorted(seen, key=lambda each: -each[0])


def best_threshold(seen: Sequence[tuple[float, bool]], max_wrong: float, asked: int) -> Outcome:
    """Give what the best threshold comes to, chosen in hindsight: the one that serves most with so few wrong.

    Args:
        seen: as `by_score` gives it.
        max_wrong: the share of served answers that may be wrong.
        asked: questions in all.
    """
    best, wrong = Outcome(asked, 0, 0), 0
    for number, (score, is_wrong) in enumerate(seen, 1):
        wrong += is_wrong
        is_last_of_score = number == len(seen) or seen[number][0] < score
        if is_last_of_score and wrong <= max_wrong * number:
            best = Outcome(asked, number, wrong)
    return best
