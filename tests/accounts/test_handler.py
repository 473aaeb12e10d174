"""Who asks for a value is told whether it has it, and by whom it is held, at its home partition."""

from typing import Any

import pytest

from headchef_contracts.events.common import Event, Inline
from headchef_contracts.events.reservations import ReservationAnswered
from headchef_contracts.registry import decode, encode

from headchef.accounts.budgets import Keeper
from headchef.accounts.handler import AccountsHandler
from headchef.accounts.reservations import HOLDERS, TOLD
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Emit, Outcome
from headchef.tenants import TenantsInForce
from tests.accounts.builders import SITE, make_asked, make_released
from tests.batches.builders import make_finished
from tests.router.conftest import FakeState
from tests.support.builders import NOON, make_delivery
from tests.support.manual_clock import ManualClock


class Desk:
    """The handler with its stores."""

    def __init__(self) -> None:
        self.state = FakeState()
        self.handler = AccountsHandler(clock=ManualClock(NOON), keeper=Keeper(TenantsInForce("accounts")))

    async def tell(self, event: Event) -> Outcome:
        outcome = await self.handler.handle(make_delivery(event, topic="reservations.asked"), self.state)
        self.state.apply(outcome.changes)
        return outcome

    async def asked(self, *about: Any, **more: Any) -> ReservationAnswered:
        [output] = (await self.tell(make_asked(*about, **more))).outputs
        assert isinstance(output, Emit)
        assert isinstance(output.event, ReservationAnswered)
        assert (output.topic, output.partition) == ("reservations.answered", output.event.job.home_partition)
        assert decode(output.event.event_type, 1, encode(output.event)) == output.event
        return output.event


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_the_first_has_it_and_gets_it_as_it_wrote_it(desk: Desk) -> None:
    answered = await desk.asked("a", " Best  of Ghent", item="7")
    assert answered.output == Inline(inline=" Best  of Ghent")
    assert (answered.failure, answered.taken_by) == (None, None)
    assert (answered.step_id, answered.item, answered.workflow) == ("title", "7", "page@1")


async def test_another_is_told_who_has_it(desk: Desk) -> None:
    await desk.asked("a")
    answered = await desk.asked("b", "BEST OF GHENT")
    assert answered.output is None
    assert answered.taken_by == "a"
    assert answered.failure is not None
    assert answered.failure.reason == "taken"
    assert answered.failure.message == f"the title 'BEST OF GHENT' on {SITE} is held by the job 'a'"


@pytest.mark.parametrize("other", [{"tenant": "acme"}, {"site": "bruges.example"}, {"name": "slug"}])
async def test_each_tenant_site_and_name_has_values_of_its_own(desk: Desk, other: dict[str, Any]) -> None:
    await desk.asked("a")
    assert (await desk.asked("b", **other)).failure is None


async def test_what_is_given_back_can_be_had(desk: Desk) -> None:
    await desk.asked("a")
    await desk.tell(make_released("a"))
    assert (await desk.asked("b")).failure is None
    assert (await desk.asked("c")).taken_by == "b"


async def test_a_run_that_has_given_it_back_does_not_get_it_again(desk: Desk) -> None:
    await desk.tell(make_released("a"))
    late = await desk.asked("a")
    assert late.failure is not None
    assert (late.failure.reason, late.taken_by) == ("released", None)
    assert (await desk.asked("a", run=1)).failure is None


async def test_the_same_is_told_again(desk: Desk) -> None:
    await desk.asked("a")
    first = await desk.asked("b")
    await desk.tell(make_released("a"))
    assert await desk.asked("b") == first
    assert (await desk.asked("b", run=1)).failure is None


async def test_counted_is_what_came_of_it(desk: Desk) -> None:
    assert (await desk.tell(make_asked("a"))).counted == ("headchef.reservations.granted",)
    assert (await desk.tell(make_asked("b"))).counted == ("headchef.reservations.refused",)
    assert (await desk.tell(make_released("b"))).counted == ()
    assert (await desk.tell(make_released("a"))).counted == ("headchef.reservations.released",)


async def test_what_changes_nothing_writes_nothing(desk: Desk) -> None:
    await desk.asked("a")
    assert (await desk.tell(make_asked("a"))).changes == ()
    await desk.asked("b")
    assert (await desk.tell(make_asked("b"))).changes == ()
    await desk.tell(make_released("a"))
    assert (await desk.tell(make_released("a"))).changes == ()


async def test_that_it_was_given_back_is_written_before_it_is_free(desk: Desk) -> None:
    await desk.asked("a")
    outcome = await desk.tell(make_released("a"))
    assert [(change.store, change.value is None) for change in outcome.changes] == [(TOLD, False), (HOLDERS, True)]


async def test_a_change_writes_a_few_bytes_however_many_runs_ask(desk: Desk) -> None:
    sizes = []
    for run in range(50):
        outcome = await desk.tell(make_asked("a", run=run))
        sizes += [len(change.value or b"") for change in outcome.changes]
    assert max(sizes) < 200


async def test_no_account_is_kept_of_another_event(desk: Desk) -> None:
    with pytest.raises(InvariantBroken, match="no account is kept of JobFinished"):
        await desk.tell(make_finished())
