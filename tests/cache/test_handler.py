"""The cache's handler: batches of planned steps and verdicts in, completed and dispatched steps out."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from headchef_contracts.events.common import Event
from headchef_contracts.events.invalidations import InvalidatedScope
from headchef_contracts.events.semantic import Marks
from headchef_contracts.events.steps import StepCompleted, StepDispatched

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.forgetting import Forgetting
from headchef.cache.guarded import GuardedStore
from headchef.cache.handler import CacheHandler
from headchef.cache.invalidations import Invalidations
from headchef.cache.policy import CachePolicy
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Emit, Outcome
from tests.cache.builders import NoState, deliver, make_coalescing, make_planned, make_settled, make_sought
from tests.cache.memory_store import MemoryAnswerStore
from tests.cache.up_to_date import UpToDate
from tests.support.manual_clock import START, ManualClock
from tests.support.recorded_metrics import RecordedMetrics

AWAY = StoreUnavailable("unavailable", "connection refused")


class Bench:
    """A handler on a store in memory, with all that stands around it."""

    def __init__(self, ttl_s: float | None = None, invalidations: Invalidations | None = None) -> None:
        self.clock = ManualClock()
        self.metrics = RecordedMetrics()
        self.store = MemoryAnswerStore()
        guarded = GuardedStore(self.store, CircuitPolicy(1.0, 30.0), self.clock, self.metrics)
        self.invalidations = UpToDate() if invalidations is None else invalidations
        self.handler = CacheHandler(
            guarded, CachePolicy(ttl_s), self.invalidations, make_coalescing(), self.clock, self.metrics
        )

    async def handle(self, *events: Event) -> Sequence[Outcome]:
        deliveries = [deliver(event, offset=offset) for offset, event in enumerate(events)]
        outcomes = await self.handler.handle_batch(deliveries, NoState())
        assert len(outcomes) == len(events)
        return outcomes

    async def emitted(self, *events: Event) -> list[tuple[str, Event]]:
        found = []
        for outcome in await self.handle(*events):
            for output in outcome.outputs:
                assert isinstance(output, Emit)
                found.append((output.topic, output.event))
        return found


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_the_first_of_its_kind_goes_to_a_model(bench: Bench) -> None:
    [(topic, event)] = await bench.emitted(make_planned())
    assert topic == "steps.dispatched.default"
    assert isinstance(event, StepDispatched)
    assert event.cache.kind == "miss"
    assert event.decided.at == START
    assert [(cause.topic, cause.partition, cause.offset) for cause in event.decided.causes] == [("steps.planned", 2, 0)]


async def test_a_verdict_leads_to_no_event(bench: Bench) -> None:
    assert await bench.handle(make_settled()) == [Outcome()]
    assert bench.metrics.total("headchef.cache.stored") == 1


async def test_what_was_accepted_is_served(bench: Bench) -> None:
    await bench.handle(make_settled())
    [(topic, event)] = await bench.emitted(make_planned(job_id="job-9"))
    assert topic == "steps.completed"
    assert isinstance(event, StepCompleted)
    assert event.step.job.job_id == "job-9"
    assert event.cache.source_job_id == "job-1"
    assert event.answer == make_settled().answer
    assert [cause.topic for cause in event.decided.causes] == ["steps.planned", "cache.settled"]


async def test_a_batch_serves_what_it_settles(bench: Bench) -> None:
    [(topic, _)] = await bench.emitted(make_settled(), make_planned())
    assert topic == "steps.completed"


async def test_a_batch_is_answered_in_order(bench: Bench) -> None:
    await bench.handle(make_settled("known"))
    outcomes = await bench.handle(
        make_planned("new"), make_planned("known"), make_settled("other"), make_planned("known", cache="bypass")
    )
    topics = [[output.topic for output in outcome.outputs if isinstance(output, Emit)] for outcome in outcomes]
    assert topics == [["steps.dispatched.default"], ["steps.completed"], [], ["steps.dispatched.default"]]


async def test_a_batch_is_one_lookup_and_one_put(bench: Bench) -> None:
    await bench.handle(make_settled("first"))
    calls = bench.store.calls
    await bench.handle(
        *(make_planned(f"prompt {number}") for number in range(50)), make_settled("a"), make_settled("b")
    )
    assert bench.store.calls == calls + 2


async def test_an_empty_batch_and_one_of_bypasses_ask_nothing(bench: Bench) -> None:
    await bench.handle()
    [(_, event)] = await bench.emitted(make_planned(cache="bypass"))
    assert isinstance(event, StepDispatched)
    assert event.cache.kind == "bypass"
    assert bench.store.calls == 0


async def test_a_tenant_is_not_served_the_answer_of_another(bench: Bench) -> None:
    await bench.handle(make_settled(tenant="theirs"))
    planned = make_planned(tenant="ours")
    stolen = planned.step.model_copy(update={"fingerprint": make_sought(tenant="theirs").fingerprint})
    [(topic, _)] = await bench.emitted(planned.model_copy(update={"step": stolen}))
    assert topic == "steps.dispatched.default"


async def test_redelivery_gives_the_same_events(bench: Bench) -> None:
    batch = [make_settled(), make_planned(), make_planned("new"), make_settled("third")]
    assert await bench.handle(*batch) == await bench.handle(*batch)


async def test_hits_do_not_prolong_an_answer() -> None:
    bench = Bench(ttl_s=60.0)
    await bench.handle(make_settled())
    for _ in range(59):
        bench.clock.advance(1.0)
        assert [topic for topic, _ in await bench.emitted(make_planned())] == ["steps.completed"]
    bench.clock.advance(1.0)
    [(topic, event)] = await bench.emitted(make_planned())
    assert topic == "steps.dispatched.default"
    assert event.model_dump()["decided"]["at"] == START + timedelta(seconds=60)


async def test_a_store_that_is_away_is_passed_by_and_what_is_settled_is_dropped(bench: Bench) -> None:
    bench.store.fault = AWAY
    outcomes = await bench.emitted(make_planned(), make_settled(), make_planned(cache="bypass"))
    kinds = [event.cache.kind for _, event in outcomes if isinstance(event, StepDispatched)]
    assert kinds == ["unavailable", "bypass"]
    assert bench.metrics.total("headchef.cache.dropped") == 1
    assert bench.metrics.total("headchef.cache.stored") == 0
    assert bench.store.calls == 1


async def test_a_store_that_is_back_serves_again(bench: Bench) -> None:
    await bench.handle(make_settled())
    bench.store.fault = AWAY
    await bench.handle(make_planned())
    bench.store.fault = None
    bench.clock.advance(1.0)
    assert [topic for topic, _ in await bench.emitted(make_planned())] == ["steps.completed"]


async def test_lookups_and_savings_are_counted(bench: Bench) -> None:
    await bench.handle(make_settled("known"))
    await bench.handle(make_planned("known"), make_planned("known"), make_planned(), make_planned(cache="bypass"))
    bench.store.fault = AWAY
    await bench.handle(make_planned("other"))
    counted = {kind: bench.metrics.total("headchef.cache.lookups", kind=kind) for kind in ("exact", "miss", "bypass")}
    assert counted == {"exact": 2, "miss": 1, "bypass": 1}
    assert bench.metrics.total("headchef.cache.lookups", kind="unavailable") == 1
    assert bench.metrics.total("headchef.cache.saved_cost", model="small", tenant="default") == pytest.approx(0.003)


async def test_an_event_that_does_not_belong_here_ends_the_process(bench: Bench) -> None:
    [(_, stray)] = await bench.emitted(make_planned())
    with pytest.raises(InvariantBroken, match=r"steps\.planned holds StepDispatched"):
        await bench.handle(make_planned(), stray)


def _invalidate(bench: Bench, scope: InvalidatedScope, seconds: float) -> None:
    bench.invalidations.invalidated.take(scope, START + timedelta(seconds=seconds))


async def test_what_was_invalidated_is_not_served(bench: Bench) -> None:
    await bench.handle(make_settled("menu", marks=Marks(tags=("menu",))), make_settled("hours"))
    _invalidate(bench, InvalidatedScope(tag="menu"), 60)
    assert [topic for topic, _ in await bench.emitted(make_planned("menu"), make_planned("hours"))] == [
        "steps.dispatched.default",
        "steps.completed",
    ]


async def test_what_was_asked_for_before_an_invalidation_is_not_kept(bench: Bench) -> None:
    _invalidate(bench, InvalidatedScope(tenant="default"), 60)
    await bench.handle(make_settled("before"), make_settled("after", planned_s=70))
    assert bench.metrics.total("headchef.cache.outdated") == 1
    assert bench.metrics.total("headchef.cache.stored") == 1
    assert await bench.store.lookup([make_sought("before")]) == [None]
    assert [topic for topic, _ in await bench.emitted(make_planned("after"))] == ["steps.completed"]


async def test_nothing_is_served_while_it_is_not_known_what_was_invalidated() -> None:
    bench = Bench(invalidations=Invalidations(2.0, ManualClock(), RecordedMetrics(), Forgetting(ManualClock())))
    await bench.handle(make_settled())
    [(topic, event)] = await bench.emitted(make_planned())
    assert isinstance(event, StepDispatched)
    assert (topic, event.cache.kind) == ("steps.dispatched.default", "bypass")
    assert bench.metrics.total("headchef.cache.unsure") == 1
    bench.invalidations.read_to(0.0)
    assert [topic for topic, _ in await bench.emitted(make_planned())] == ["steps.completed"]


async def test_a_hit_says_how_old_its_answer_is(bench: Bench) -> None:
    await bench.handle(make_settled())
    bench.clock.advance(61.5)
    [(_, event)] = await bench.emitted(make_planned())
    assert isinstance(event, StepCompleted)
    assert event.cache.age_s == 61.5
