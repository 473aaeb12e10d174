"""A large question that waits for its tenant's budget lies in the object store, not in the router's state."""

import pytest

from headchef_contracts.events.common import Ref
from headchef_contracts.events.steps import StepPlanned

from headchef.router.purses import PARKED
from tests.accounts.budgets.exchange import Exchange, of_task
from tests.bodies.builders import Pantry
from tests.support.builders import make_rejected

LARGE = "Describe this car in one sentence. " * 100


def waiting(exchange: Exchange) -> list[bytes]:
    return [value for door in exchange.doors for (store, _), value in door.state.values.items() if store == PARKED]


def asked(planned: StepPlanned) -> list[object]:
    return [message.content for message in planned.step.request.messages]


@pytest.fixture
def pantry() -> Pantry:
    return Pantry()


async def test_it_is_asked_whole_when_it_is_paid_for(pantry: Pantry) -> None:
    exchange = Exchange(bodies=pantry.bodies)
    await exchange.set(budget={"day": {"usd": "1"}})
    await exchange.submit("job-1", prompt=LARGE)
    [parked] = waiting(exchange)
    assert len(parked) < len(LARGE)
    await exchange.talk()
    [planned] = exchange.open
    [content] = asked(planned)
    assert isinstance(content, Ref)
    assert await pantry.bodies.get("acme", content.ref) == LARGE
    assert waiting(exchange) == []


async def test_its_repair_is_asked_whole_too(pantry: Pantry) -> None:
    exchange = Exchange(bodies=pantry.bodies)
    await exchange.set(budget={"day": {"tokens": 2_400}})
    await exchange.submit("job-1", prompt=LARGE, output={"repairs": 1}, conversation_id=of_task(1))
    await exchange.talk()
    await exchange.submit("job-2", conversation_id=of_task(2), parameters={"max_output_tokens": 900})
    await exchange.talk()
    first, other = exchange.open
    exchange.open.remove(other)
    await exchange.answer(first, 400)
    opened = await pantry.bodies.opened(first)
    assert isinstance(opened, StepPlanned)
    await exchange.deliver(make_rejected(opened.step, LARGE), "steps.judged", 1)
    await exchange.talk()
    assert len(waiting(exchange)) == 1
    assert len(waiting(exchange)[0]) < 2 * len(LARGE)
    exchange.open.append(other)
    await exchange.answer(other, 10)
    await exchange.talk()
    [second] = exchange.open
    whole = await pantry.bodies.opened(second)
    assert isinstance(whole, StepPlanned)
    question, answer, _ = (
        content.model_dump()["inline"] for content in (m.content for m in whole.step.request.messages)
    )
    assert (question, answer) == (LARGE, LARGE)
