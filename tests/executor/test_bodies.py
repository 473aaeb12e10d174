"""Messages that lie in the object store: read for the call alone, or the step fails without one."""

import pytest

from headchef_contracts.events.common import Ref, Reference
from headchef_contracts.events.steps import Message, StepPlanned

from headchef.bodies import StoreAway
from tests.bodies.builders import LARGE, Pantry
from tests.executor.fakes import answered, limited
from tests.executor.kitchen import Kitchen, outcomes
from tests.support.builders import make_decided, make_head, make_step


async def test_a_message_by_reference_fails_the_step_without_a_call() -> None:
    reference = Ref(ref=Reference(sha256="0" * 64, bytes=3, media_type="text/plain"))
    step = make_step()
    request = step.request.model_copy(update={"messages": (Message(role="user", content=reference),)})
    for bodies, told in ((None, "HEADCHEF_BODIES"), (Pantry().bodies, "not there")):
        kitchen = Kitchen(bodies=bodies)
        _, completed = await kitchen.handle(step.model_copy(update={"request": request}))
        assert completed.failure is not None
        assert completed.failure.reason == "provider_refused_request"
        assert told in completed.failure.message
        assert kitchen.provider.asked == []


async def test_a_message_in_the_store_is_asked_and_the_step_stays_as_it_came() -> None:
    pantry, step = Pantry(), make_step(LARGE, job=make_head(tenant="acme"))
    closed = await pantry.bodies.closed(StepPlanned(step=step, decided=make_decided()))
    assert isinstance(closed, StepPlanned)
    kitchen = Kitchen(limited(1.0), answered("Hi."), bodies=pantry.forget().bodies)
    attempts, completed = await kitchen.handle(closed.step)
    assert kitchen.provider.asked == [LARGE.encode()] * 2
    assert outcomes(attempts) == ["rate_limited", "answered"]
    assert completed.step == closed.step


async def test_no_call_is_made_while_the_store_is_away() -> None:
    pantry, step = Pantry(), make_step(LARGE)
    closed = await pantry.bodies.closed(StepPlanned(step=step, decided=make_decided()))
    assert isinstance(closed, StepPlanned)
    pantry.store.away = True
    kitchen = Kitchen(bodies=pantry.forget().bodies)
    with pytest.raises(StoreAway):
        await kitchen.handle(closed.step)
    assert kitchen.provider.asked == []
