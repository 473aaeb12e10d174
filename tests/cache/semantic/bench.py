"""A cache on stores in memory whose questions may be compared by their meaning; a test says what is asked and answered.

What a question means is its text's first word: texts that share it are near, as a table of vectors says.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from headchef_contracts.events.bounds import Band, BoundSet, CacheObserved, Counts
from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Event
from headchef_contracts.events.judgements import JudgementAsked
from headchef_contracts.events.semantic import SemanticQuestion
from headchef_contracts.events.steps import Answer, Step, StepCompleted, StepDispatched, StepPlanned
from headchef_contracts.registry import decode, encode

from headchef.bound import STATISTIC
from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guarded import GuardedStore
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.handler import CacheHandler
from headchef.cache.meaning_points import PointMeanings
from headchef.cache.policy import CachePolicy
from headchef.cache.semantic import ByMeaning
from headchef.cache.semantic.judging import Judging
from headchef.cache.semantic.near import NearQuestions
from headchef.embedding import Embedder, EmbeddingFailed, Vector
from headchef.equality import Instruments, Judges, installed
from headchef.pooled import asker_of, pool_account
from headchef.runtime.processor import Emit
from tests.cache.builders import DECIDED, NoState, deliver, make_answer, make_coalescing, make_step
from tests.cache.memory_store import MemoryAnswerStore
from tests.cache.up_to_date import UpToDate
from tests.qdrant.memory_points import MemoryPoints
from tests.support.manual_clock import START, ManualClock
from tests.support.recorded_metrics import RecordedMetrics

SCOPE = "5" * 64
DIMENSIONS = 8
EVER = (0.0,) * 6
"""Weights by which every guess is 0.5."""


class ByFirstWord(Embedder):
    """Gives texts with one first word vectors that are near, and others ones that are not.

    Attributes:
        faults: raised one by one, by the calls to come.
        calls: how many texts came in each call.
    """

    def __init__(self) -> None:
        self.faults: list[EmbeddingFailed] = []
        self.calls: list[int] = []

    @property
    def name(self) -> str:
        return "first-word/8"

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        self.calls.append(len(texts))
        if self.faults:
            raise self.faults.pop(0)
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> Vector:
        first, _, rest = text.partition(" ")
        vector = [0.0] * DIMENSIONS
        vector[sha256(first.encode()).digest()[0] % (DIMENSIONS - 1)] = 1.0
        vector[-1] = len(rest) / 1000
        length = sum(each * each for each in vector) ** 0.5
        return [each / length for each in vector]


class Bench:
    """The handler with all that stands around it."""

    def __init__(self, ttl_s: float | None = None, embedder: ByFirstWord | None = None) -> None:
        self.clock = ManualClock()
        self.metrics = RecordedMetrics()
        self.store = MemoryAnswerStore()
        self.points = MemoryPoints(DIMENSIONS)
        self.embedder = embedder or ByFirstWord()
        circuit, self.invalidations = CircuitPolicy(1.0, 30.0), UpToDate()
        self.answers = answers = GuardedStore(self.store, circuit, self.clock, self.metrics)
        meanings = GuardedMeanings(PointMeanings(self.points), circuit, 0.5, self.clock, self.metrics)
        near = NearQuestions(
            self.embedder, meanings, self.invalidations.invalidated, circuit, 0.5, self.clock, self.metrics
        )
        judges = Judges(installed(), Instruments())
        judging = Judging(judges, 0.5, self.clock)
        self.meaning = ByMeaning(near, meanings, answers, judging, self.invalidations.taking_back, self.metrics)
        # Nobody waits for the same question here.
        alone = make_coalescing(most=0)
        self.handler = CacheHandler(
            answers, CachePolicy(ttl_s), self.invalidations, alone, self.clock, self.metrics, self.meaning
        )

    async def allow(self, at_most: float = 0.0, **fields: Any) -> None:
        """Set the bound of the pool: so many are wrong at most, whatever the guess."""
        known: dict[str, Any] = {
            "account": pool_account("default", "help", self.embedder.name),
            "tenant": "default",
            "pool": "help",
            "embedder": self.embedder.name,
            "number": 3,
            "statistic": STATISTIC,
            "weights": EVER,
            "bands": (Band(up_to=1.0, at_most=at_most),),
            "counts": Counts(),
            "set_at": START,
            "decided": DECIDED,
        }
        await self.meaning.broadcast.taker(BoundSet(**(known | fields)))

    async def ask(self, *steps: Step) -> list[StepCompleted | StepDispatched]:
        """Plan steps in one batch, and give what becomes of each."""
        became, self.observed = [], list[CacheObserved]()
        for event in await self.handle(*(StepPlanned(step=step, decided=DECIDED) for step in steps)):
            if isinstance(event, CacheObserved):
                self.observed.append(event)
            else:
                assert isinstance(event, StepCompleted | StepDispatched)
                became.append(event)
        assert len(became) == len(steps)
        return became

    async def settle(self, *verdicts: CacheSettled) -> list[CacheObserved]:
        """Hand it verdicts in one batch, and give what is observed."""
        events = await self.handle(*verdicts)
        assert all(isinstance(event, CacheObserved) for event in events)
        return [event for event in events if isinstance(event, CacheObserved)]

    async def learn(self, text: str, answer: str, job_id: str = "job-1", **fields: Any) -> list[CacheObserved]:
        """Ask a model in earnest: plan, and settle with its answer."""
        step = make_question(text, job_id=job_id, **fields)
        [became] = await self.ask(step)
        return await self.settle(make_verdict(step, answer, became.cache))

    async def leave_to(self, text: str, answer: str, job_id: str = "job-1", **fields: Any) -> list[JudgementAsked]:
        """Ask a model in earnest, and give what another is to be asked about its answer."""
        step = make_question(text, job_id=job_id, **fields)
        [became] = await self.ask(step)
        events = await self.handle(make_verdict(step, answer, became.cache))
        assert all(isinstance(event, JudgementAsked) for event in events)
        return [event for event in events if isinstance(event, JudgementAsked)]

    async def handle(self, *events: Event) -> list[Event]:
        """Hand it a batch, and give all that comes of it."""
        deliveries = [deliver(event, offset=offset) for offset, event in enumerate(events)]
        found = []
        for outcome in await self.handler.handle_batch(deliveries, NoState()):
            for output in outcome.outputs:
                assert isinstance(output, Emit)
                assert decode(output.event.event_type, 1, encode(output.event)) == output.event
                if isinstance(output.event, CacheObserved | JudgementAsked):
                    assert output.topic == "cache.observed"
                found.append(output.event)
        return found


def make_question(
    text: str = "pay how",
    *,
    scope: str = SCOPE,
    tenant: str = "default",
    job_id: str = "job-2",
    cache: Any = "exact",
    run: int = 0,
    **semantic: Any,
) -> Step:
    """Give a step with a free text; `semantic` are fields of how it may be compared."""
    known: dict[str, Any] = {"max_wrong": 0.02, "mode": "serve", "explore": 1e-9, "pool": "help"}
    step = make_step(f"{scope} {text}", tenant=tenant, job_id=job_id, cache=cache)
    question = SemanticQuestion(scope=scope, text=text, **(known | semantic))
    return step.model_copy(update={"semantic": question, "job": step.job.model_copy(update={"run": run})})


def make_verdict(
    step: Step, answer: str | Answer | None = "By card.", used: CacheUse | None = None, **fields: Any
) -> CacheSettled:
    """Give the verdict on a question that was asked."""
    known: dict[str, Any] = {
        "fingerprint": step.fingerprint,
        "tenant": step.job.tenant,
        "verdict": "accepted",
        "answer": make_answer(answer) if isinstance(answer, str) else answer,
        "model": "small",
        "source_job_id": step.job.job_id,
        "cost_usd": None,
        "settled_at": START,
        "planned_at": START,
        "semantic": step.semantic,
        "asker": asker_of(step),
        "used": used if used and used.nearest else None,
        "decided": DECIDED,
    }
    return CacheSettled(**(known | fields))


async def groups(bench: Bench) -> dict[str, str]:
    """Give the group of each question, by its fingerprint."""
    near: NearQuestions = bench.meaning._lookup._near
    semantic = make_question("pay how").semantic
    assert semantic is not None
    found = await near.of([("default", semantic)], 100)
    assert found is not None
    return {each.fingerprint: each.group for each in found.near[0]}
