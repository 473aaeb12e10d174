"""Measures lookups in the cache's stores, full: answers by their fingerprints, and questions by what they mean."""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np

from headchef.cache.edge import EdgeAnswerStore
from headchef.cache.meaning_points import PointMeanings, form_of
from headchef.cache.meanings import Meanings, Question, SoughtMeaning
from headchef.cache.server import ServerAnswerStore
from headchef.cache.store import AnswerStore
from headchef.embedding import HashedEmbedder, Vector
from headchef.qdrant.embedded_points import EmbeddedPoints
from headchef.qdrant.server import QdrantServer
from headchef.qdrant.server_points import ServerPoints
from tests.cache.builders import make_answer, make_sought, make_stored
from tests.support.manual_clock import START
from tests.support.qdrant_server import running_qdrant

DIMENSIONS = 256
NEIGHBOURS = 8
WRITTEN_AT_ONCE = 1_000

Figures = dict[str, float]


Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much there is, and how often it is looked for.

    Attributes:
        entries: answers, and as many questions.
        small: questions of a usual scope.
        large: questions of each of two large scopes.
        singly: lookups one at a time.
        batches: lookups of `batch` at a time.
        batch: as many.
    """

    entries: int = 100_000
    small: int = 100
    large: int = 10_000
    singly: int = 1_000
    batches: int = 50
    batch: int = 64


class Corpus:
    """What is put and sought: vectors at random, which is hard for any index, and texts of some length.

    Args:
        amounts: of it.
    """

    def __init__(self, amounts: Amounts) -> None:
        self.amounts = amounts
        chance = np.random.default_rng(16)
        vectors = chance.standard_normal((amounts.entries, DIMENSIONS)).astype(np.float32)
        self._vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        self._lengths = chance.integers(1_000, 2_000, amounts.entries)
        self._order = chance.permutation(amounts.entries)

    def questions(self, numbers: Sequence[int]) -> list[Question]:
        """Give questions by their numbers."""
        return [
            Question("default", self._scope(n), _hash(f"q{n}"), self._vector(n), _hash(f"q{n}"), f"job-{n}", START)
            for n in numbers
        ]

    def sought(self, *, large: bool, count: int) -> list[SoughtMeaning]:
        """Give searches near to questions that there are, in a scope of the one kind or the other."""
        chosen = [int(n) for n in self._order if (n < 2 * self.amounts.large) == large][:count]
        return [SoughtMeaning("default", self._scope(n), self._vector(n)) for n in chosen]

    def prompts(self, count: int) -> list[str]:
        """Give prompts whose answers there are."""
        return [f"prompt {n}" for n in self._order[:count]]

    def text(self, number: int) -> str:
        """Give the answer to a prompt."""
        return (f"answer {number} " + "word " * 400)[: int(self._lengths[number])]

    def _scope(self, number: int) -> str:
        large = self.amounts.large
        return _hash(f"large {number // large}" if number < 2 * large else f"small {number // self.amounts.small}")

    def _vector(self, number: int) -> Vector:
        return [float(each) for each in self._vectors[number]]


def measure(amounts: Amounts | None = None) -> Figures:
    """Fill both stores and look up in them.

    Returns:
        For each store and kind of lookup `lookups.<store>.<kind>.<figure>`: `per_s` 64 at a time, and `cpu_us`, what
        one of these takes of this process's own processor time; of one at a time `p50_ms` and `p99_ms`; and
        `lookups.<store>.<kind>.put_us`, what an entry took to put.
    """
    corpus = Corpus(amounts or Amounts())
    form = form_of(HashedEmbedder(DIMENSIONS))
    with tempfile.TemporaryDirectory(prefix="headchef-lookups-") as folder:
        answers: AnswerStore = EdgeAnswerStore(Path(folder) / "answers")
        meanings: Meanings = PointMeanings(EmbeddedPoints(Path(folder) / "questions", form))
        figures = asyncio.run(_opened("embedded", answers, meanings, corpus))
    with running_qdrant() as address:
        server = QdrantServer(address.url, address.grpc_port, None, "lookups.answers", 60.0, 60.0, 60.0)
        answers = ServerAnswerStore(server)
        meanings = PointMeanings(ServerPoints(replace(server, collection="lookups.questions"), form))
        figures |= asyncio.run(_opened("server", answers, meanings, corpus))
    return figures


def table(figures: Mapping[str, float]) -> str:
    """Write the figures as a Markdown table."""
    kinds = {
        "exact": "an answer by its fingerprint",
        "small": "by meaning, in a scope of 100",
        "large": "by meaning, in a scope of 10,000",
    }
    stores = {"embedded": "embedded", "server": "server, gRPC"}
    lines = [
        "| | store | a second, 64 at a time | processor time in here (µs) | one at a time, p50 (ms) | p99 (ms) |",
        "|---|---|---|---|---|---|",
    ]
    for kind, title in kinds.items():
        for store, named in stores.items():
            name = f"lookups.{store}.{kind}"
            p50, p99 = figures[f"{name}.p50_ms"], figures[f"{name}.p99_ms"]
            per_s, cpu_us = figures[f"{name}.per_s"], figures[f"{name}.cpu_us"]
            lines.append(f"| {title} | {named} | {per_s:,.0f} | {cpu_us:,.0f} | {p50:.2f} | {p99:.2f} |")
    puts = []
    for store, named in stores.items():
        answer_us, question_us = (figures[f"lookups.{store}.{kind}.put_us"] for kind in ("exact", "small"))
        puts.append(f"{named} {answer_us:,.0f} and {question_us:,.0f} µs")
    return "\n".join([*lines, "", f"To put an answer and a question took: {'; '.join(puts)}."])


async def _opened(name: str, answers: AnswerStore, meanings: Meanings, corpus: Corpus) -> Figures:
    await answers.open()
    await meanings.open()
    try:
        return await _measure(name, answers, meanings, corpus)
    finally:
        await answers.close()
        await meanings.close()


async def _measure(name: str, answers: AnswerStore, meanings: Meanings, corpus: Corpus) -> Figures:
    amounts = corpus.amounts
    figures: Figures = {}
    sys.stderr.write(f"lookups: {name}, {amounts.entries:,} answers …\n")

    async def put_answers(numbers: Sequence[int]) -> None:
        await answers.put([replace(make_stored(f"prompt {n}"), answer=make_answer(corpus.text(n))) for n in numbers])

    async def put_questions(numbers: Sequence[int]) -> None:
        await meanings.put(corpus.questions(numbers))

    figures[f"lookups.{name}.exact.put_us"] = await _fill(put_answers, amounts.entries)

    async def exact(prompts: Sequence[str]) -> None:
        assert None not in await answers.lookup([make_sought(prompt) for prompt in prompts])

    async def near(sought: Sequence[SoughtMeaning]) -> None:
        found = await meanings.nearest(sought, NEIGHBOURS)
        assert all(each and each[0].score > 0.999 for each in found)

    count = amounts.singly + amounts.batches * amounts.batch
    figures |= await _time(f"lookups.{name}.exact", exact, corpus.prompts(count), amounts)
    sys.stderr.write(f"lookups: {name}, {amounts.entries:,} questions …\n")
    figures[f"lookups.{name}.small.put_us"] = await _fill(put_questions, amounts.entries)
    for kind in ("small", "large"):
        sought = corpus.sought(large=kind == "large", count=count)
        figures |= await _time(f"lookups.{name}.{kind}", near, sought, amounts)
    return figures


async def _fill(put: Callable[[Sequence[int]], Awaitable[None]], entries: int) -> float:
    """Put entries, and give the microseconds that one took."""
    began_s = time.perf_counter()
    for start in range(0, entries, WRITTEN_AT_ONCE):
        await put(range(start, min(start + WRITTEN_AT_ONCE, entries)))
    return (time.perf_counter() - began_s) / entries * 1e6


async def _time(
    name: str, look: Callable[[Sequence[Asked]], Awaitable[None]], sought: Sequence[Asked], amounts: Amounts
) -> Figures:
    await look(sought[: amounts.batch])
    took_s = []
    for each in sought[: amounts.singly]:
        began_s = time.perf_counter()
        await look([each])
        took_s.append(time.perf_counter() - began_s)
    cuts = statistics.quantiles(took_s, n=100)
    rest = sought[amounts.singly :]
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    for start in range(0, len(rest), amounts.batch):
        await look(rest[start : start + amounts.batch])
    per_s = len(rest) / (time.perf_counter() - began_s)
    cpu_us = (time.process_time() - began_cpu_s) / len(rest) * 1e6
    return {
        f"{name}.per_s": per_s,
        f"{name}.cpu_us": cpu_us,
        f"{name}.p50_ms": cuts[49] * 1e3,
        f"{name}.p99_ms": cuts[98] * 1e3,
    }


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
