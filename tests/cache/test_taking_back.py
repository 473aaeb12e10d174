"""What is erased while a store takes it does not stay there: answers that are put back, questions, and vectors."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Cause
from headchef_contracts.events.invalidations import CacheInvalidated, InvalidatedScope, entry_of

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.edge import EdgeAnswerStore
from headchef.cache.forgetting import Forgetting
from headchef.cache.guarded import GuardedStore
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.invalidations import Invalidations
from headchef.cache.meaning_points import PointMeanings, form_of
from headchef.cache.policy import CachePolicy
from headchef.cache.refill import Refill
from headchef.cache.semantic import ByMeaning
from headchef.cache.semantic.judging import Judging
from headchef.cache.semantic.near import NearQuestions
from headchef.cache.shelf import PointShelf, shelf_form
from headchef.cache.store import Sought, StoredAnswer
from headchef.cache.withdrawn import Withdrawn
from headchef.embedding import HashedEmbedder, Vector
from headchef.embedding.kept import KeptEmbedder
from headchef.equality import Instruments, Judges, installed
from headchef.qdrant.embedded_points import EmbeddedPoints
from headchef.qdrant.errors import StoreUnavailable
from headchef.qdrant.points import PointsForm, StoredPoint
from headchef.runtime.clock import SystemClock
from headchef.runtime.replay_input import Replayed
from headchef.runtime.telemetry.metrics import Metrics
from tests.cache.builders import make_sought, make_stored
from tests.cache.meanings_kinds import DIMENSIONS
from tests.cache.memory_store import MemoryAnswerStore
from tests.cache.semantic.bench import make_question, make_verdict
from tests.support.eventually import PATIENCE_S, eventually
from tests.support.manual_clock import START, ManualClock

CIRCUIT = CircuitPolicy(0.05, 0.1)
EMBEDDER = HashedEmbedder(DIMENSIONS)
TENANTS = ("acme", "other")


class Erasing:
    """Hears that a tenant is erased, and deletes what there is of it, once, when it is asked to."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.forgetting = Forgetting(SystemClock())
        self.heard = Invalidations(2.0, self.clock, Metrics(), self.forgetting)

    async def __call__(self) -> None:
        self.heard.dated(START + timedelta(minutes=1))
        scope = InvalidatedScope(tenant="acme")
        await self.heard.take(
            CacheInvalidated(entry=entry_of(scope, erase=True), scope=scope, erase=True, by="ann", at=START)
        )
        async with self.forgetting.at_work():
            await eventually(lambda: self.forgetting.left == 0)


class Answers(EdgeAnswerStore):
    """Lets something happen before the engine has the answers."""

    def __init__(self, folder: Path, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(folder)
        self._meanwhile = meanwhile

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        await self._meanwhile()
        await super().put(answers)


class Points(EmbeddedPoints):
    """Lets something happen before the engine has the points."""

    def __init__(self, folder: Path, form: PointsForm, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(folder, form)
        self._meanwhile = meanwhile

    async def put(self, points: Sequence[StoredPoint]) -> None:
        await self._meanwhile()
        await super().put(points)


async def test_an_answer_that_is_put_back_does_not_outlive_an_erasure_in_between(tmp_path: Path) -> None:
    erasing = Erasing()
    store = GuardedStore(Answers(tmp_path, erasing), CIRCUIT, erasing.clock, Metrics())
    erasing.forgetting.covers(store)
    await store.open()
    taking_back = erasing.heard.taking_back
    refill = Refill(store, CachePolicy(), taking_back, Withdrawn(), erasing.clock, Metrics())
    verdicts = [make_verdict(make_question("pay how", tenant=tenant)) for tenant in TENANTS]
    assert await refill.take(_replayed(verdicts))
    assert [each is not None for each in await _there(store, verdicts)] == [False, True]
    await store.close()


async def test_a_question_does_not_outlive_an_erasure_in_between(tmp_path: Path) -> None:
    erasing = Erasing()
    clock, metrics = erasing.clock, Metrics()
    meanings = GuardedMeanings(
        PointMeanings(Points(tmp_path, form_of(EMBEDDER), erasing)), CIRCUIT, PATIENCE_S, clock, metrics
    )
    erasing.forgetting.covers(meanings)
    answers = GuardedStore(MemoryAnswerStore(), CIRCUIT, clock, metrics)
    near = NearQuestions(EMBEDDER, meanings, erasing.heard.invalidated, CIRCUIT, PATIENCE_S, clock, metrics)
    judging = Judging(Judges(installed(), Instruments()), PATIENCE_S, clock)
    meaning = ByMeaning(near, meanings, answers, judging, erasing.heard.taking_back, metrics)
    verdicts = [make_verdict(make_question("pay how", tenant=tenant)) for tenant in TENANTS]
    stored = [make_stored("pay how", tenant=each.tenant, fingerprint=each.fingerprint) for each in verdicts]
    replayed = _replayed(verdicts)
    await meaning.remember(
        [(event, each.cause, answer) for event, each, answer in zip(verdicts, replayed, stored, strict=True)], START
    )
    assert await meanings.count() == 1
    await meanings.close()


async def test_a_vector_does_not_outlive_an_erasure_in_between(tmp_path: Path) -> None:
    """Whose text it was of nobody knows, so none stays, on the shelf or in memory."""
    erasing = Erasing()
    points = Points(tmp_path, shelf_form(EMBEDDER), erasing)
    # Long after the erasure was said, as the clocks of machines differ: what goes by times would leave it there.
    erasing.clock.advance(3_600.0)
    shelf = PointShelf(points, 100, CIRCUIT, PATIENCE_S, erasing.clock, Metrics())
    made = Noting()
    kept = KeptEmbedder(made, shelf, 100)
    erasing.forgetting.covers_vectors(kept)
    assert len(await kept.embed(["what is on the menu?"])) == 1
    assert await shelf.read([sha256(b"what is on the menu?").hexdigest()]) == {}
    await kept.embed(["what is on the menu?"])
    assert made.calls == 2
    await shelf.close()


async def test_a_vector_that_is_being_made_or_read_is_not_kept_after_an_erasure(tmp_path: Path) -> None:
    erasing = Erasing()
    shelf = PointShelf(
        EmbeddedPoints(tmp_path, shelf_form(EMBEDDER)), 100, CIRCUIT, PATIENCE_S, erasing.clock, Metrics()
    )
    erasing.clock.advance(3_600.0)
    made = Noting(erasing)
    kept = KeptEmbedder(made, shelf, 100)
    erasing.forgetting.covers_vectors(kept)
    assert len(await kept.embed(["a"])) == 1
    assert await shelf.read([sha256(b"a").hexdigest()]) == {}
    await kept.embed(["a"])
    assert made.calls == 2
    await shelf.close()


async def test_what_a_store_that_is_away_cannot_take_back_is_deleted_when_it_is_there_again() -> None:
    erasing, memory = Erasing(), MemoryAnswerStore()
    store = GuardedStore(memory, CIRCUIT, SystemClock(), Metrics())
    await store.open()
    stored = [make_stored("soup", tenant=tenant) for tenant in TENANTS]
    await store.put(stored)
    await erasing()
    erasing.forgetting.covers(store)
    memory.fault = StoreUnavailable("timeout", "no answer within 0.5 s")
    assert await erasing.heard.taking_back.after(store, stored) == stored[1:]
    memory.fault = None
    later = [replace(stored[0], planned_at=START + timedelta(hours=1)), stored[1]]
    async with erasing.forgetting.at_work():
        await eventually(lambda: erasing.forgetting.left == 0)
    assert [each is not None for each in await memory.lookup([make_sought("soup", each) for each in TENANTS])] == [
        False,
        True,
    ]
    # What was asked after the erasure, in the place of what was erased, stays.
    await memory.put(later)
    assert await erasing.heard.taking_back.after(store, [*stored, *later]) == [stored[1], *later]
    assert len(memory.contents) == 2


class Noting(HashedEmbedder):
    """Notes how often it is asked, and lets something happen the first time.

    Attributes:
        calls: how often.
    """

    def __init__(self, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        super().__init__(DIMENSIONS)
        self.calls = 0
        self._meanwhile = meanwhile

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        self.calls += 1
        if self._meanwhile is not None and self.calls == 1:
            await self._meanwhile()
        return await super().embed(texts)


def _replayed(verdicts: Sequence[CacheSettled]) -> Sequence[Replayed]:
    return [
        Replayed(event, Cause(topic="cache.settled", partition=0, offset=offset))
        for offset, event in enumerate(verdicts)
    ]


async def _there(store: GuardedStore, verdicts: Sequence[CacheSettled]) -> Sequence[StoredAnswer | None]:
    found = await store.lookup([Sought(each.tenant, each.fingerprint) for each in verdicts])
    assert found is not None
    return found
