"""Compares the bound with vCache's decision and the best threshold in hindsight, in many orders of the questions."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, quantiles
from typing import get_args

from headchef.embedding import Embedder, EmbedderMissing, HashedEmbedder
from headchef.embedding.wordllama import load_wordllama
from tests.bench.bound.near import Vectors, embedded
from tests.bench.bound.questions import DATA, Order, Questions, ordered, read_questions
from tests.bench.bound.streams import Outcome, best_threshold, by_score, ours, vcache

ALLOWED = (0.005, 0.01, 0.02, 0.05)
"""The shares of served answers that may be wrong."""

_EMBEDDERS: Mapping[str, Callable[[], Embedder]] = {"hashed": HashedEmbedder, "wordllama": load_wordllama}


@dataclass(frozen=True, slots=True)
class Seeds:
    """How many orders are tried.

    Attributes:
        random: of all questions by chance.
        waves: where new things are asked about in waves.
        vcache: of each, for vCache's decision.
    """

    random: int = 100
    waves: int = 20
    vcache: int = 10


@dataclass(frozen=True, slots=True)
class _Stage:
    questions: Questions
    vectors: Vectors


_here: dict[str, _Stage] = {}
"""What a process of the pool looks at; it was there when the process was forked, so that it need not be sent."""


def compare(seeds: Seeds) -> dict[str, float]:
    """Give for each embedder, order, limit and way what was served and what of that was wrong.

    Raises:
        NoData: the questions are not there.
    """
    questions = read_questions(DATA)
    figures: dict[str, float] = {}
    for name, vectors in _all_vectors(questions):
        _here["stage"] = _Stage(questions, vectors)
        for order in get_args(Order):
            tried: int = getattr(seeds, order)
            tasks = [(order, seed, seed < seeds.vcache) for seed in range(tried)]
            with multiprocessing.get_context("fork").Pool(os.cpu_count()) as processes:
                outcomes = processes.starmap(_in_order, tasks, chunksize=1)
            figures |= _figures(f"bound.{name}.{order}", outcomes)
    return figures


def _all_vectors(questions: Questions) -> Iterator[tuple[str, Vectors]]:
    for name, load in _EMBEDDERS.items():
        try:
            embedder = load()
        except EmbedderMissing as missing:
            sys.stderr.write(f"bound: without {name}: {missing}\n")
            continue
        sys.stderr.write(f"bound: {name} …\n")
        yield name, embedded(embedder, questions.texts)


def _in_order(order: Order, seed: int, with_vcache: bool) -> dict[str, Outcome]:
    answers, vectors = _here["stage"].questions.answers, _here["stage"].vectors
    asked = ordered(answers, order, seed)
    seen = by_score(vectors, answers, asked)
    outcomes = {}
    for allowed in ALLOWED:
        outcome = ours(vectors, answers, asked, allowed, seed)
        outcomes[f"{allowed:g}.ours"] = outcome
        outcomes[f"{allowed:g}.threshold"] = best_threshold(seen, allowed, len(asked))
        outcomes[f"{allowed:g}.equal"] = best_threshold(seen, outcome.share_wrong, len(asked))
        if with_vcache:
            outcomes[f"{allowed:g}.vcache"] = vcache(vectors, answers, asked, allowed, seed)
    return outcomes


def _figures(prefix: str, outcomes: Sequence[Mapping[str, Outcome]]) -> dict[str, float]:
    figures: dict[str, float] = {f"{prefix}.orders": len(outcomes)}
    for way in outcomes[0]:
        found = [each[way] for each in outcomes if way in each]
        allowed = float(way.rpartition(".")[0])
        kept = [each.share_wrong_of_all if way.endswith("vcache") else each.share_wrong for each in found]
        figures |= {
            f"{prefix}.{way}.orders": len(found),
            f"{prefix}.{way}.within": sum(each <= allowed for each in kept),
        }
        for name in ("share_served", "share_wrong", "share_wrong_of_all"):
            shares = [float(getattr(each, name)) for each in found]
            low, high = _middle(shares)
            figures |= {f"{prefix}.{way}.{name}": mean(shares), f"{prefix}.{way}.{name}.low": low}
            figures[f"{prefix}.{way}.{name}.high"] = high
    return figures


def _middle(shares: Sequence[float]) -> tuple[float, float]:
    """Give between what 95 of 100 orders lie."""
    if len(shares) == 1:
        return shares[0], shares[0]
    cuts = quantiles(shares, n=40, method="inclusive")
    return cuts[0], cuts[-1]
