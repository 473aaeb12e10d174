"""What is passed on of results and refusals, what an account tells when it is full, and when it is forgotten."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from headchef_contracts.events.batches import MAX_REASON_TEXT, BatchCounted, BatchCounts, BatchFinished, Reason
from headchef_contracts.events.brakes import MAX_BECAUSE, BrakeScope, BrakeSet
from headchef_contracts.events.common import Cause, Event

from headchef.batches.account import ACCOUNTS, MEMBERS, account_key
from headchef.batches.handler import BatchesHandler
from headchef.batches.heard import Heard
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.processor import Emit, Outcome, Timer
from tests.batches.builders import TOKENS, make_counted, make_finished, make_refused
from tests.router.conftest import FakeState
from tests.support.braking import make_brake
from tests.support.builders import NOON, make_delivery, make_firing
from tests.support.manual_clock import ManualClock

REMEMBERED = timedelta(days=7)
WARM_UP = 5
SPRING = account_key("default", "spring")


class Desk:
    """The handler with its stores and timers."""

    def __init__(self) -> None:
        self.clock, self.state = ManualClock(NOON), FakeState()
        self.heard = Heard()
        self.handler = BatchesHandler(
            clock=self.clock, remembered=REMEMBERED, homes=4, warm_up=WARM_UP, heard=self.heard
        )
        self.timers: dict[str, Timer] = {}

    async def tell(self, event: Event, topic: str = "batches.counted") -> Outcome:
        return self._after(await self.handler.handle(make_delivery(event, topic=topic), self.state))

    async def wait(self, time: timedelta) -> None:
        """Let time pass, and the timers go off that are due by then."""
        self.clock.advance(time.total_seconds())
        for timer in [each for each in self.timers.values() if each.due <= self.clock.now()]:
            del self.timers[timer.id]
            self._after(await self.handler.handle(make_firing(timer), self.state))

    def _after(self, outcome: Outcome) -> Outcome:
        self.state.apply(outcome.changes)
        self.timers |= {timer.id: timer for timer in outcome.timers}
        return outcome


@pytest.fixture
def desk() -> Desk:
    return Desk()


def emitted(outcome: Outcome) -> Any:
    [output] = outcome.outputs
    assert isinstance(output, Emit)
    return output.event


async def test_a_result_of_a_batch_is_passed_on_among_its_homes(desk: Desk) -> None:
    outcome = await desk.tell(make_finished("a", run=2, revision=1, tenant="acme", batch_size=9), "jobs.finished")
    [output] = outcome.outputs
    assert isinstance(output, Emit)
    assert (output.topic, output.among) == ("batches.counted", 4)
    told = output.event
    assert isinstance(told, BatchCounted)
    assert (told.tenant, told.batch_id, told.batch_size, told.job_id) == ("acme", "spring", 9, "a")
    assert (told.run, told.revision, told.status, told.cost_usd) == (2, 1, "ok", Decimal("0.25"))
    assert (told.usage, told.submitted_at, told.ended_at) == (TOKENS, NOON, NOON + timedelta(seconds=2))


async def test_a_job_without_a_batch_leaves_no_trace(desk: Desk) -> None:
    assert await desk.tell(make_finished(batch_id=None), "jobs.finished") == Outcome()
    assert await desk.tell(make_refused(batch_id=None), "jobs.refused") == Outcome()


@pytest.mark.parametrize("fields", [{"batch_id": ""}, {"batch_id": "a\nb"}, {"tenant": ""}])
async def test_a_refusal_that_names_no_possible_batch_leaves_no_trace(desk: Desk, fields: dict[str, Any]) -> None:
    assert await desk.tell(make_refused(**fields), "jobs.refused") == Outcome()


async def test_a_refusal_is_of_the_default_tenant_where_none_is_named(desk: Desk) -> None:
    told = emitted(await desk.tell(make_refused("a", batch_size=3), "jobs.refused"))
    assert (told.tenant, told.job_id, told.batch_size, told.status, told.record) == ("default", "a", 3, "refused", None)


async def test_records_without_a_readable_id_are_told_apart_by_their_places(desk: Desk) -> None:
    for offset in (7, 8, 7):
        told = emitted(await desk.tell(make_refused(None, offset=offset, batch_size=2), "jobs.refused"))
        assert told.record == Cause(topic="jobs.submitted", partition=0, offset=offset)
        last = await desk.tell(told)
        assert bool(last.outputs) == (offset == 8)


async def test_a_full_batch_is_told_of_once_with_its_counts_and_cost(desk: Desk) -> None:
    size = {"batch_size": 4}
    await desk.tell(make_counted("a", **size))
    await desk.tell(make_counted("b", status="failed", cost_usd=None, **size))
    await desk.tell(make_counted("c", status="refused", cost_usd=Decimal(), **size))
    outcome = await desk.tell(make_counted("d", **size))
    finished = emitted(outcome)
    assert isinstance(finished, BatchFinished)
    assert (finished.tenant, finished.batch_id, finished.batch_size) == ("default", "spring", 4)
    assert finished.counts == BatchCounts(ok=2, failed=1, refused=1)
    assert (finished.cost_usd, finished.unpriced, finished.usage.input_tokens) == (Decimal("0.50"), 1, 40)
    assert outcome.counted == ("headchef.batches.finished",)
    assert (await desk.tell(make_counted("d", **size))).outputs == ()
    late = await desk.tell(make_counted("e", **size))
    assert (late.outputs, late.changes, late.counted) == ((), (), ("headchef.batches.late",))


async def test_a_batch_is_forgotten_when_nothing_was_heard_of_it_for_as_long_as_of_its_jobs(desk: Desk) -> None:
    await desk.tell(make_counted("a"))
    await desk.wait(timedelta(days=5))
    await desk.tell(make_counted("b"))
    await desk.wait(timedelta(days=5))
    assert desk.state.get(ACCOUNTS, SPRING) is not None, "it was heard of five days ago"
    await desk.wait(timedelta(days=3))
    assert desk.state.get(ACCOUNTS, SPRING) is None
    assert desk.timers == {}


async def test_the_first_job_sets_the_timer_again_when_it_is_told_of_again(desk: Desk) -> None:
    await desk.tell(make_counted("a", batch_size=1))
    desk.timers.clear()
    assert len((await desk.tell(make_counted("a", batch_size=1))).timers) == 1


async def test_what_is_known_twice_is_not_written_twice(desk: Desk) -> None:
    await desk.tell(make_counted("a", batch_size=2))
    again = await desk.tell(make_counted("a", batch_size=2))
    assert (again.outputs, again.changes) == ((), ())


async def test_a_job_takes_few_bytes(desk: Desk) -> None:
    await desk.tell(make_counted("a", batch_size=2))
    [member] = [value for (store, _), value in desk.state.values.items() if store == MEMBERS]
    assert len(member) < 100


LIMIT: dict[str, Any] = {"batch_max_reject_rate": 0.2}


async def passed_on(desk: Desk, *numbers: int, after_s: float = 2, tenant: str = "default") -> list[Outcome]:
    """Have rejected jobs passed on and counted."""
    ended_at, outcomes = NOON + timedelta(seconds=after_s), []
    for number in numbers:
        told = make_finished(f"job-{number}", status="rejected", finished_at=ended_at, tenant=tenant, **LIMIT)
        outcomes.append(await desk.tell(emitted(await desk.tell(told, "jobs.finished"))))
    return outcomes


async def test_a_result_is_passed_on_with_the_limit_and_with_what_is_wrong(desk: Desk) -> None:
    told = emitted(await desk.tell(make_finished(status="rejected", **LIMIT), "jobs.finished"))
    assert told.batch_max_reject_rate == 0.2
    assert [(each.check, each.path, each.message) for each in told.reasons] == [
        ("chars", "/title", "has 81 characters; at most 60 are right")
    ]


async def test_a_batch_with_too_many_bad_answers_is_paused_once_with_the_reason(desk: Desk) -> None:
    outcomes = await passed_on(desk, *range(12))
    assert [bool(each.outputs) for each in outcomes] == [number == WARM_UP - 1 for number in range(12)]
    [output] = outcomes[WARM_UP - 1].outputs
    assert isinstance(output, Emit)
    pause = output.event
    assert isinstance(pause, BrakeSet)
    assert (output.topic, output.among) == ("brakes", 1)
    assert (pause.brake, pause.action, pause.by) == ("pause batch:default=spring", "pause", "headchef.batches")
    assert pause.because == (
        "5 of 5 answers were rejected or failed, and 0.2 of them may be; most often chars at /title (5 jobs):"
        " has 81 characters; at most 60 are right"
    )
    assert pause.decided is not None
    assert pause.set_at == pause.decided.at == desk.clock.now()
    assert outcomes[WARM_UP - 1].counted == ("headchef.batches.paused",)


async def test_after_a_resume_a_new_warm_up_begins(desk: Desk) -> None:
    await passed_on(desk, *range(8))
    resumed = make_brake("resume", set_at=NOON + timedelta(seconds=60), tenant="default", batch_id="spring")
    await desk.heard.take(resumed)
    late = await passed_on(desk, *range(8, 20), after_s=59)
    assert not any(each.outputs for each in late), "what ended before the resume was known to who resumed it"
    again = await passed_on(desk, *range(20, 30), after_s=61)
    assert [bool(each.outputs) for each in again] == [number == WARM_UP - 1 for number in range(10)]
    assert "5 of 5 answers since it was resumed were" in emitted(again[WARM_UP - 1]).because


@pytest.mark.parametrize(
    "scope",
    [{"tenant": "acme", "batch_id": "spring"}, {"tenant": "default", "batch_id": "autumn"}, {"tenant": "default"}],
)
async def test_what_is_said_of_others_is_nothing_to_a_batch(desk: Desk, scope: dict[str, Any]) -> None:
    await desk.heard.take(make_brake("pause", **scope))
    assert [len(each.outputs) for each in await passed_on(desk, *range(WARM_UP))] == [0, 0, 0, 0, 1]
    await desk.heard.take(make_brake("resume", set_at=NOON + timedelta(seconds=1), **scope))
    assert not any(each.outputs for each in await passed_on(desk, *range(20, 30)))


async def test_tenants_do_not_pause_each_other(desk: Desk) -> None:
    outcomes = await passed_on(desk, *range(WARM_UP - 1))
    outcomes += await passed_on(desk, *range(WARM_UP - 1), tenant="acme")
    assert not any(each.outputs for each in outcomes)
    [last] = await passed_on(desk, 99, tenant="acme")
    assert emitted(last).scope == BrakeScope(tenant="acme", batch_id="spring")


async def test_another_event_than_a_brake_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidEvent, match="BatchCounted in place of BrakeSet"):
        await desk.heard.take(make_counted())


async def test_the_words_of_a_pause_are_bounded(desk: Desk) -> None:
    reasons = tuple(
        Reason(check="chars", path=f"/{'x' * 110}{name}", message="y" * MAX_REASON_TEXT) for name in "abcde"
    )
    told = [make_counted(f"job-{number}", status="rejected", reasons=reasons, **LIMIT) for number in range(WARM_UP)]
    because = emitted([await desk.tell(each) for each in told][-1]).because
    assert len(because) <= MAX_BECAUSE
    assert because.count("chars at /") == 3


async def test_a_full_batch_tells_why_its_jobs_were_rejected(desk: Desk) -> None:
    why: dict[str, Any] = {"status": "rejected", "reasons": (Reason(check="chars", message="no"),), "batch_size": 2}
    await desk.tell(make_counted("a", **why))
    finished = emitted(await desk.tell(make_counted("b", **why)))
    assert [(each.check, each.jobs) for each in finished.reasons] == [("chars", 2)]
