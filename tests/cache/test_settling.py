"""What is kept of verdicts, where something is said of their answers while the store takes them."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from headchef_contracts.events.invalidations import InvalidatedScope

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.correcting import Corrections
from headchef.cache.forgetting import Forgetting
from headchef.cache.guarded import GuardedStore
from headchef.cache.invalidated import Invalidated
from headchef.cache.policy import CachePolicy
from headchef.cache.settling import Settling
from headchef.cache.store import StoredAnswer
from headchef.cache.taking_back import TakingBack
from headchef.cache.withdrawn import Withdrawn
from tests.cache.builders import deliver, make_settled, make_sought
from tests.cache.memory_store import MemoryAnswerStore
from tests.support.manual_clock import START, ManualClock
from tests.support.recorded_metrics import RecordedMetrics


class SlowStore(MemoryAnswerStore):
    """Lets something happen while it takes answers."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        self._meanwhile()
        await super().put(answers)


async def test_what_is_erased_while_it_is_being_stored_does_not_stay() -> None:
    """Its deletion was done before the store had it, and nothing would delete it later."""
    invalidated, metrics, clock = Invalidated(), RecordedMetrics(), ManualClock()
    store = SlowStore(lambda: invalidated.take(InvalidatedScope(tenant="acme"), START + timedelta(minutes=1)))
    await store.open()
    guarded = GuardedStore(store, CircuitPolicy(1.0, 30.0), clock, metrics)
    deliveries = [
        deliver(make_settled("soup", tenant=tenant), offset=at) for at, tenant in enumerate(("acme", "other"))
    ]
    kept = await Settling(guarded, CachePolicy(), TakingBack(invalidated, Forgetting(clock, guarded)), metrics).keep(
        deliveries, Corrections(deliveries, Withdrawn()), START
    )
    assert [each.tenant for each in kept.values()] == ["other"]
    found = await store.lookup([make_sought("soup", tenant) for tenant in ("acme", "other")])
    assert [each is not None for each in found] == [False, True]
    assert metrics.total("headchef.cache.outdated") == 1


async def test_what_is_heard_of_when_its_time_is_over_is_not_stored() -> None:
    """Those who have waited for it may have it all the same: it is the answer to what they asked."""
    metrics, store = RecordedMetrics(), MemoryAnswerStore()
    await store.open()
    settling = Settling(
        GuardedStore(store, CircuitPolicy(1.0, 30.0), ManualClock(), metrics),
        CachePolicy(ttl_s=3_600),
        TakingBack(Invalidated(), Forgetting(ManualClock())),
        metrics,
    )
    deliveries = [deliver(make_settled("soup"))]
    for after, stored in ((timedelta(hours=1), 0), (timedelta(minutes=59), 1)):
        kept = await settling.keep(deliveries, Corrections(deliveries, Withdrawn()), START + after)
        assert len(kept) == 1
        assert metrics.total("headchef.cache.stored") == stored
        assert len(store.contents) == stored
