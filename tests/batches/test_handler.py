"""What is passed on of results and refusals, what an account tells when it is full, and when it is forgotten."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from headchef_contracts.events.batches import BatchCounted, BatchCounts, BatchFinished
from headchef_contracts.events.common import Cause, Event

from headchef.batches.account import ACCOUNTS, MEMBERS, account_key
from headchef.batches.handler import BatchesHandler
from headchef.runtime.processor import Emit, Outcome, Timer
from tests.batches.builders import TOKENS, make_counted, make_finished, make_refused
from tests.router.conftest import FakeState
from tests.support.builders import NOON, make_delivery, make_firing
from tests.support.manual_clock import ManualClock

REMEMBERED = timedelta(days=7)
SPRING = account_key("default", "spring")


class Desk:
    """The handler with its stores and timers."""

    def __init__(self) -> None:
        self.clock, self.state = ManualClock(NOON), FakeState()
        self.handler = BatchesHandler(clock=self.clock, remembered=REMEMBERED, homes=4)
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
