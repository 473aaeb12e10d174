"""Of equal questions one is asked, and the others wait for its answer."""

from datetime import timedelta
from typing import Any

import pytest

from headchef_contracts.events.common import Event
from headchef_contracts.events.steps import StepCompleted, StepDispatched, StepPlanned

from headchef.cache.waiting import WAITING
from headchef.cache.waiting.policy import MOST_STEP_BYTES, PIECE
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.processor import TIMERS, Delivery
from tests.cache.builders import deliver, make_planned, make_settled
from tests.cache.corrected import make_corrected
from tests.cache.waiting.kept import KeptCache, completed, dispatched
from tests.support.braking import make_brake
from tests.support.manual_clock import START


@pytest.fixture
def cache() -> KeptCache:
    return KeptCache()


def jobs(*names: str, **about: Any) -> list[StepPlanned]:
    return [make_planned(job_id=name, **about) for name in names]


async def flat(cache: KeptCache, *events: Event) -> list[tuple[str, Event]]:
    return [each for outputs in await cache.take(*events) for each in outputs]


async def test_one_of_several_is_asked_and_all_get_its_answer(cache: KeptCache) -> None:
    assert dispatched(await flat(cache, *jobs("a", "b"))) == ["a"]
    assert await flat(cache, *jobs("c")) == []
    cache.clock.advance(7.0)
    outputs = await flat(cache, make_settled(job_id="a"))
    assert completed(outputs) == ["b", "c"]
    for topic, event in outputs:
        assert topic == "steps.completed"
        assert isinstance(event, StepCompleted)
        assert event.cache.model_dump(exclude_unset=True) == {
            "kind": "coalesced",
            "source_job_id": "a",
            "age_s": 7.0,
            "waited_s": 7.0,
        }
        assert (str(event.cost_usd), event.attempts, event.answer) == ("0", 0, make_settled().answer)
        assert [cause.topic for cause in event.decided.causes] == ["steps.planned", "cache.settled"]
    assert not any(cache.state.counts().values())
    assert cache.metrics.total("headchef.cache.answered") == 2
    assert cache.metrics.total("headchef.cache.lookups", kind="coalesced") == 2
    assert cache.metrics.total("headchef.cache.saved_cost") == pytest.approx(0.003)


async def test_an_answer_that_has_expired_by_then_is_given_to_nobody() -> None:
    cache = KeptCache(ttl_s=5.0)
    await flat(cache, *jobs("a", "b", "c"))
    cache.clock.advance(5.0)
    outputs = await flat(cache, make_settled(job_id="a"))
    assert (completed(outputs), dispatched(outputs)) == ([], ["b"])


async def test_who_is_alone_costs_no_state(cache: KeptCache) -> None:
    await flat(cache, *jobs("a"), make_planned("other", job_id="b"))
    await flat(cache, make_settled(job_id="a"), make_settled("other", job_id="b"))
    assert cache.written == 0


async def test_another_tenant_does_not_wait_for_ours(cache: KeptCache) -> None:
    [ours] = jobs("a", tenant="ours")
    step = make_planned(job_id="b", tenant="theirs").step
    theirs = StepPlanned(step=step.model_copy(update={"fingerprint": ours.step.fingerprint}), decided=ours.decided)
    assert dispatched(await flat(cache, ours, theirs)) == ["a", "b"]


@pytest.mark.parametrize("verdict", ["rejected", "failed", "cancelled"])
async def test_a_leader_without_an_answer_lets_one_go_on_and_then_twice_as_many(cache: KeptCache, verdict: Any) -> None:
    await flat(cache, *jobs(*"abcdefgh"))
    rounds, going = [], ["a"]
    while going:
        released: list[str] = []
        for job in going:
            outputs = await flat(cache, make_settled(verdict=verdict, job_id=job))
            released += dispatched(outputs)
        rounds.append(going)
        going = released
    assert rounds == [["a"], ["b"], ["c", "d"], ["e", "f", "g", "h"]]
    assert not any(cache.state.counts().values())
    assert dispatched(await flat(cache, *jobs("i"))) == ["i"]


async def test_how_many_go_on_follows_from_how_many_went_before_and_not_from_who_waits_in_the_other_class(
    cache: KeptCache,
) -> None:
    await flat(cache, *jobs("a"), *jobs(*(f"bulk-{number}" for number in range(20)), job_class="bulk"))
    for asked, waiting in ("ab", "bc", "cd", "de"):
        await flat(cache, *jobs(waiting))
        assert dispatched(await flat(cache, make_settled(verdict="failed", job_id=asked))) == [waiting]
    assert len(dispatched(await flat(cache, make_settled(verdict="failed", job_id="e")))) == 2


async def test_who_is_released_says_so_and_leads_the_others(cache: KeptCache) -> None:
    await flat(cache, *jobs("a", "b", "c"))
    cache.clock.advance(5.0)
    [(topic, event)] = await flat(cache, make_settled(verdict="failed", job_id="a"))
    assert topic == "steps.dispatched.default"
    assert isinstance(event, StepDispatched)
    assert event.cache.model_dump(exclude_unset=True) == {"kind": "miss", "waited_s": 5.0}
    assert [cause.topic for cause in event.decided.causes] == ["steps.planned", "cache.settled"]
    assert completed(await flat(cache, make_settled(job_id="b"))) == ["c"]


async def test_an_answer_that_may_not_be_reused_is_none(cache: KeptCache) -> None:
    await flat(cache, *jobs("a", "b"))
    assert dispatched(await flat(cache, make_settled(job_id="a", finish_reason="length"))) == ["b"]


async def test_a_verdict_on_what_bypassed_the_cache_releases_nobody(cache: KeptCache) -> None:
    await flat(cache, *jobs("a", "b"))
    assert dispatched(await flat(cache, *jobs("c", cache="bypass"))) == ["c"]
    assert await flat(cache, make_settled(verdict="failed", job_id="c")) == []
    assert completed(await flat(cache, make_settled(job_id="a"))) == ["b"]


async def test_interactive_never_waits_for_bulk_and_bulk_waits_for_either(cache: KeptCache) -> None:
    assert dispatched(await flat(cache, *jobs("slow", job_class="bulk"), *jobs("late", job_class="bulk"))) == ["slow"]
    assert dispatched(await flat(cache, *jobs("fast", "second"))) == ["fast"]
    assert await flat(cache, make_settled(verdict="failed", job_id="slow")) == [], "one of the others is asking"
    assert completed(await flat(cache, make_settled(job_id="fast"))) == ["second", "late"]


async def test_an_interactive_step_is_not_left_to_a_bulk_leader(cache: KeptCache) -> None:
    await flat(cache, *jobs("slow", job_class="bulk"), *jobs("fast", "second"))
    assert dispatched(await flat(cache, make_settled(verdict="failed", job_id="fast"))) == ["second"]


async def test_a_slow_leader_is_joined_by_one_then_by_two_more(cache: KeptCache) -> None:
    await flat(cache, *jobs(*"abcde"))
    assert await cache.after(59.0) == []
    assert dispatched(await cache.after(1.0)) == ["b"]
    assert dispatched(await cache.after(60.0)) == ["c", "d"]
    assert dispatched(await cache.after(60.0)) == ["e"]
    assert not any(cache.state.counts().values())


async def test_who_has_waited_takes_what_the_store_has_by_then_for_all(cache: KeptCache) -> None:
    """As after a topic has grown, when verdicts come to another task."""
    await flat(cache, *jobs("a", "b", "c", "d"))
    other = KeptCache()
    other.store = cache.store
    other.crash()
    await flat(other, make_settled(job_id="a"))
    came = [event for _, event in await cache.after(60.0)]
    assert [(event.step.job.job_id, event.cache.kind) for event in came if isinstance(event, StepCompleted)] == [
        ("b", "exact"),
        ("c", "coalesced"),
        ("d", "coalesced"),
    ]
    assert not any(cache.state.counts().values())


async def test_nobody_waits_past_half_of_what_its_deadline_leaves(cache: KeptCache) -> None:
    soon, over = START + timedelta(seconds=20), START - timedelta(seconds=1)
    outputs = await flat(cache, *jobs("a", "b"), *jobs("soon", deadline=soon), *jobs("over", deadline=over))
    assert dispatched(outputs) == ["a", "over"]
    assert dispatched(await cache.after(10.0)) == ["soon"]
    assert completed(await flat(cache, make_settled(job_id="a"))) == ["b"]


async def test_a_job_that_is_cancelled_waits_no_more(cache: KeptCache) -> None:
    await flat(cache, *jobs("a", "b", "c"))
    await cache.brakes.take(make_brake("cancel", tenant="default", job_id="b", set_at=START))
    cancelled = cache.handler._coalescing.cancelled
    ends = [delivery for _, delivery in cache.timers() if cancelled.stop_of(delivery.record) == "ends"]
    assert [dispatched(outputs) for outputs in await cache.handle(ends)] == [["b"]]
    assert await flat(cache, make_settled(verdict="cancelled", job_id="b")) == [], "a is still asking"
    assert dispatched(await flat(cache, *jobs("b"))) == ["b"], "what is cancelled does not begin to wait"
    assert completed(await flat(cache, make_settled(job_id="a"))) == ["c"]


@pytest.mark.parametrize("only_the_task", [False, True])
async def test_leaders_without_waiters_are_forgotten_in_a_crash_and_others_are_not(
    cache: KeptCache, only_the_task: bool
) -> None:
    await flat(cache, *jobs("a", "b"), make_planned("other", job_id="x"))
    cache.crash(only_the_task=only_the_task)
    assert await flat(cache, *jobs("c")) == []
    assert dispatched(await flat(cache, make_planned("other", job_id="y"))) == ["y"]
    assert completed(await flat(cache, make_settled(job_id="a"))) == ["b", "c"]


async def test_a_leader_that_comes_again_does_not_wait_for_itself(cache: KeptCache) -> None:
    batch = [deliver(event, offset=offset) for offset, event in enumerate(jobs("a", "b"))]
    await cache.handle(batch)
    assert [dispatched(outputs) for outputs in await cache.handle(batch[:1])] == [["a"]]


async def test_more_than_one_transaction_takes_are_answered_one_piece_after_the_other(cache: KeptCache) -> None:
    names = [f"job-{number}" for number in range(2 * PIECE + 50)]
    await flat(cache, *jobs("a", *names))
    first = completed(await flat(cache, make_settled(job_id="a")))
    assert len(first) == PIECE
    cache.crash()
    cache.store.fault = StoreUnavailable("unavailable", "gone")
    assert await flat(cache, *jobs("late")) == [], "it is given the answer behind the others"
    assert [*first, *completed(await cache.after(1.0))] == [*names, "late"]
    assert not any(cache.state.counts().values())


async def test_an_answer_that_is_found_wrong_is_shared_no_more(cache: KeptCache) -> None:
    names = [f"job-{number}" for number in range(PIECE + 3)]
    await flat(cache, *jobs("a", *names))
    await flat(cache, make_settled(job_id="a"))
    await flat(cache, make_corrected(job_id="a"))
    assert dispatched(await cache.after(1.0)) == names[PIECE : PIECE + 1]
    assert dispatched(await flat(cache, make_settled(verdict="failed", job_id=names[PIECE]))) == names[PIECE + 1 :]


async def test_an_answer_of_which_it_is_not_known_whether_it_holds_is_kept_for_a_while(cache: KeptCache) -> None:
    await flat(cache, *jobs("a", "b", "c"))
    cache.invalidations.is_known = False
    assert await flat(cache, make_settled(job_id="a")) == []
    assert await cache.after(5.0) == []
    assert await flat(cache, *jobs("d")) == [], "it is not asked again for that"
    cache.invalidations.is_known = True
    assert completed(await cache.after(1.0)) == ["b", "c", "d"]


async def test_a_verdict_while_an_answer_is_shared_changes_nothing(cache: KeptCache) -> None:
    names = [f"job-{number}" for number in range(PIECE + 1)]
    await flat(cache, *jobs("a", *names))
    await flat(cache, make_settled(job_id="a"))
    assert await flat(cache, make_settled(verdict="failed", job_id="a"), make_settled(job_id="z")) == []
    assert completed(await cache.after(1.0)) == names[-1:]


async def test_a_step_that_is_too_large_goes_by_itself(cache: KeptCache) -> None:
    await flat(cache, *jobs("a"))
    [planned] = jobs("large")
    record = deliver(planned).record._replace(value=b" " * (MOST_STEP_BYTES + 1))
    [outputs] = await cache.handle([Delivery("steps.planned", planned, "e", record, 4, START)])
    assert dispatched(outputs) == ["large"]


async def test_questions_are_coalesced_while_the_store_is_away(cache: KeptCache) -> None:
    cache.store.fault = StoreUnavailable("unavailable", "gone")
    assert dispatched(await flat(cache, *jobs("a", "b"))) == ["a"]
    assert completed(await flat(cache, make_settled(job_id="a"))) == ["b"]


async def test_no_more_leaders_are_remembered_than_there_is_room_for() -> None:
    cache = KeptCache(most=1)
    await flat(cache, make_planned("one", job_id="a"), make_planned("two", job_id="b"))
    outputs = await flat(cache, make_planned("two", job_id="c"), make_planned("one", job_id="d"))
    assert dispatched(outputs) == ["d"], "the oldest is forgotten, and asked once more"


async def test_a_batch_sees_what_it_has_changed_itself(cache: KeptCache) -> None:
    [*_, first, second, third] = await cache.take(
        *jobs("a", "b", "c"),
        make_settled(verdict="failed", job_id="a"),
        make_settled(verdict="failed", job_id="b"),
        make_settled("other", job_id="z"),
    )
    assert [dispatched(outputs) for outputs in (first, second, third)] == [["b"], ["c"], []]
    assert not any(cache.state.counts().values())


async def test_a_timer_that_a_delivery_before_it_has_cleared_does_nothing(cache: KeptCache) -> None:
    await flat(cache, *jobs("a", "b"))
    [(_, timer)] = cache.timers()
    outputs = await cache.handle([deliver(make_settled(job_id="a"), offset=99), timer])
    assert [completed(each) for each in outputs] == [["b"], []]
    assert cache.state.count(TIMERS) == cache.state.count(WAITING) == 0
