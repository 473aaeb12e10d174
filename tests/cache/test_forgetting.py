"""What was invalidated is deleted from the stores in the background, whatever becomes of them meanwhile."""

import asyncio
from datetime import timedelta

from headchef_contracts.events.invalidations import CacheInvalidated, InvalidatedScope, entry_of
from headchef_contracts.events.semantic import Marks

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.forgetting import Forgetting
from headchef.cache.guarded import GuardedStore
from headchef.cache.invalidations import Invalidations
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.clock import SystemClock
from headchef.runtime.telemetry.metrics import Metrics
from tests.cache.builders import make_sought, make_stored
from tests.cache.memory_store import MemoryAnswerStore
from tests.support.eventually import eventually
from tests.support.manual_clock import START


class Bench:
    """A store, and what is said of its answers a minute after they were asked for."""

    def __init__(self, store: MemoryAnswerStore | None = None) -> None:
        self.store = store or MemoryAnswerStore()
        clock = SystemClock()
        guarded = GuardedStore(self.store, CircuitPolicy(0.05, 0.1), clock, Metrics())
        self.forgetting = Forgetting((guarded,), clock)
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
