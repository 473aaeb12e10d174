"""Decides whether an earlier answer may serve another wording of its question. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from headchef_contracts.events.semantic import Asker, Nearest, SemanticQuestion
from headchef_contracts.events.steps import Step

from headchef.bound import Bound, Neighbour, features
from headchef.cache.meanings import Near
from headchef.cache.store import StoredAnswer
from headchef.pooled import asker_of

VERSION = "semantic-1"
"""Of the decisions in this package, for `decided`; raised when one of them changes."""

NEIGHBOURS = 8
"""How many earlier questions are looked at."""

_SEED_BYTES = 6
"""So that a seed is a whole number that every JSON parser reads exactly."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What is thought of the nearest earlier answer.

    Attributes:
        nearest: with the choice.
        seed: what the choice has drawn from.
    """

    nearest: Nearest
    seed: int

    def serves(self, question: SemanticQuestion) -> bool:
        """Say whether the answer is to be reused: in shadow mode nothing ever is."""
        return question.mode == "serve" and self.nearest.choice == "serve"


@dataclass(frozen=True, slots=True)
class Looked:
    """What is known of a step by its meaning.

    Attributes:
        guess: what is thought of the nearest earlier answer.
        stored: that answer, if it is to be reused; None where the model is asked.
    """

    guess: Guess
    stored: StoredAnswer | None


@dataclass(frozen=True, slots=True)
class Whose:
    """Which question is asked.

    Attributes:
        tenant: whose it is.
        fingerprint: of the whole of it.
        asker: names it.
    """

    tenant: str
    fingerprint: str
    asker: Asker


def whose(step: Step) -> Whose:
    """Say which question a step is."""
    return Whose(step.job.tenant, step.fingerprint, asker_of(step))


def guess(asked: Whose, question: SemanticQuestion, near: Sequence[Near], bound: Bound, embedder: str) -> Guess | None:
    """Choose between the nearest earlier answer and the model.

    Args:
        asked: which question it is.
        question: as it is compared.
        near: earlier questions that may serve, the nearest first. Whatever a store gives, none of another tenant or
            scope is looked at, nor the question itself, whose answer was not found, or may not be served.
        bound: of the question's pool.
        embedder: whose vectors were compared.

    Returns:
        None where there is no earlier question.
    """
    others = [
        each
        for each in near
        if (each.tenant, each.scope) == (asked.tenant, question.scope) and each.fingerprint != asked.fingerprint
    ]
    if not others:
        return None
    first = others[0]
    known = features([Neighbour(each.score, each.group) for each in others[:NEIGHBOURS]])
    seed = int.from_bytes(sha256(asked.asker.name.encode()).digest()[:_SEED_BYTES])
    choice = bound.choose(known, question.max_wrong, question.explore, share_drawn(seed))
    nearest = Nearest(
        fingerprint=first.fingerprint,
        source_job_id=first.source_job_id,
        score=min(1.0, first.score),
        features=known,
        wrong=bound.wrong(known),
        bound=bound.number,
        choice=choice,
        embedder=embedder,
        pool=question.pool,
    )
    return Guess(nearest, seed)


def share_drawn(seed: int) -> float:
    """Give the number that a choice has drawn, from 0 to 1, by the seed of what was decided."""
    return seed / float(256**_SEED_BYTES)
