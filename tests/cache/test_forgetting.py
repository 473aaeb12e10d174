"""What was invalidated is deleted from the stores in the background, whatever becomes of them meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from headchef_contracts.events.invalidations import CacheInvalidated, InvalidatedScope, entry_of
from headchef_contracts.events.semantic import Marks

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.forgetting import Forgetting
from headchef.cache.guarded import GuardedStore
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.invalidations import Invalidations
from headchef.cache.meanings import SoughtMeaning
from headchef.cache.shelf import PointShelf, shelf_form
from headchef.embedding import HashedEmbedder
from headchef.embedding.kept import KeptEmbedder
from headchef.qdrant.embedded_points import EmbeddedPoints
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.clock import SystemClock
from headchef.runtime.telemetry.metrics import Metrics
from tests.cache.builders import make_sought, make_stored
from tests.cache.meanings_kinds import DIMENSIONS, make_question, memory_meanings
from tests.cache.memory_store import MemoryAnswerStore
from tests.support.eventually import PATIENCE_S, eventually
from tests.support.manual_clock import START, ManualClock


class Bench:
    """A store, and what is said of its answers a minute after they were asked for."""

    def __init__(self, store: MemoryAnswerStore | None = None) -> None:
        self.store = store or MemoryAnswerStore()
        clock = SystemClock()
        guarded = GuardedStore(self.store, CircuitPolicy(0.05, 0.1), clock, Metrics())
        self.forgetting = Forgetting(clock, guarded)
        self.heard = Invalidations(2.0, clock, Metrics(), self.forgetting)

    async def say(self, scope: InvalidatedScope, *, erase: bool = False) -> None:
        self.heard.dated(START + timedelta(minutes=1))
        await self.heard.take(
            CacheInvalidated(entry=entry_of(scope, erase=erase), scope=scope, erase=erase, by="ann", at=START)
        )

    async def has(self, prompt: str, tenant: str = "default") -> bool:
        [found] = await self.store.lookup([make_sought(prompt, tenant)])
        return found is not None


async def stocked() -> Bench:
    bench = Bench()
    await bench.store.open()
    await bench.store.put(
        [make_stored("soup", marks=Marks(tags=("menu",))), make_stored("hours"), make_stored("soup", tenant="acme")]
    )
    bench.heard.read_to(0.0)
    return bench


async def test_what_is_invalidated_while_it_runs_is_deleted() -> None:
    bench = await stocked()
    async with bench.forgetting.at_work():
        await bench.say(InvalidatedScope(tag="menu"))
        await eventually(lambda: bench.forgetting.left == 0)
    assert [await bench.has("soup"), await bench.has("hours"), await bench.has("soup", "acme")] == [False, True, True]


async def test_a_store_that_is_away_is_asked_again_and_others_are_not_held_up() -> None:
    bench = await stocked()
    bench.store.fault = StoreUnavailable("unavailable", "away")
    async with bench.forgetting.at_work():
        await bench.say(InvalidatedScope(tag="menu"))
        await bench.say(InvalidatedScope(tenant="acme"))
        calls = bench.store.calls
        await eventually(lambda: bench.store.calls > calls + 1)
        assert bench.forgetting.left == 2
        bench.store.fault = None
        await eventually(lambda: bench.forgetting.left == 0)
    assert [await bench.has("soup"), await bench.has("soup", "acme")] == [False, False]


async def test_of_what_was_said_before_it_began_only_an_erasure_is_done_again() -> None:
    bench = await stocked()
    again = Bench(bench.store)
    await again.say(InvalidatedScope(tag="menu"))
    await again.say(InvalidatedScope(tenant="acme"), erase=True)
    assert again.forgetting.left == 1
    async with again.forgetting.at_work():
        await eventually(lambda: again.forgetting.left == 0)
    assert [await bench.has("soup"), await bench.has("soup", "acme")] == [True, False]


async def test_it_ends_with_its_context() -> None:
    bench = await stocked()
    before = asyncio.all_tasks()
    async with bench.forgetting.at_work():
        assert asyncio.all_tasks() != before
    assert asyncio.all_tasks() == before


async def test_an_erasure_is_of_questions_and_vectors_too(tmp_path: Path) -> None:
    clock, circuit = ManualClock(), CircuitPolicy(0.05, 0.1)
    embedder = HashedEmbedder(DIMENSIONS)
    meanings = GuardedMeanings(memory_meanings(), circuit, PATIENCE_S, clock, Metrics())
    points = EmbeddedPoints(tmp_path / "vectors", shelf_form(embedder))
    shelf = PointShelf(points, 100, circuit, PATIENCE_S, clock, Metrics())
    kept = KeptEmbedder(embedder, shelf, 100)
    bench = await stocked()
    bench.forgetting.covers(meanings)
    bench.forgetting.covers_vectors(kept)
    [vector] = await kept.embed(["what is on the menu?"])
    name = sha256(b"what is on the menu?").hexdigest()
    questions = [make_question("a", tenant=tenant) for tenant in ("acme", "other")]
    await meanings.put([replace(each, vector=vector, planned_at=START) for each in questions])
    async with bench.forgetting.at_work():
        await bench.say(InvalidatedScope(tenant="acme"))
        await eventually(lambda: bench.forgetting.left == 0)
        assert await shelf.read([name]), "vectors are not of a tenant, and an invalidation leaves them"
        await bench.say(InvalidatedScope(tenant="acme"), erase=True)
        await eventually(lambda: bench.forgetting.left == 0)
    sought = [SoughtMeaning(each.tenant, each.scope, vector) for each in questions]
    near = await meanings.nearest(sought, 3)
    assert near is not None
    assert [len(each) for each in near] == [0, 1]
    assert await shelf.read([name]) == {}
    clock.advance(120.0)
    await kept.embed(["what is on the menu?"])
    await bench.say(InvalidatedScope(tenant="acme"), erase=True)
    async with bench.forgetting.at_work():
        await eventually(lambda: bench.forgetting.left == 0)
    assert await shelf.read([name]), "what was kept after the erasure stays"
    await shelf.close()
