"""Handlers around handlers: values in, references out, and code that is run anew until it has all that it asks for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from headchef_contracts.events.common import Event, Ref
from headchef_contracts.events.steps import Step, StepCompleted
from headchef_contracts.registry import encode

from headchef.bodies import BodiesAtHand, BodyUnusable, StoreAway, WithBodies, WithBodiesAtHand
from headchef.runtime.processor import Change, Delivery, Emit, Outcome, State
from tests.bodies.builders import INLINE_BYTES, LARGE, Pantry, reference_to
from tests.router.conftest import FakeState
from tests.support.builders import make_completed, make_delivery, make_step


@dataclass
class Inner:
    """Remembers what it was given, and leads to what a test says."""

    lead: Callable[[], Outcome]
    given: list[Event | None] = field(default_factory=list)

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        self.given.append(delivery.event)
        return self.lead()


def delivered(event: StepCompleted) -> Delivery:
    return make_delivery(event, topic="steps.completed", value=encode(event))


async def test_the_inner_handler_sees_values_and_references_go_out() -> None:
    pantry, event = Pantry(), make_completed(LARGE, step=make_step(LARGE * 2))
    inner = Inner(lambda: Outcome((Emit("steps.completed", event, 3, "id"),)))
    closed = await pantry.bodies.closed(event)
    assert isinstance(closed, StepCompleted)
    outcome = await WithBodies(inner, pantry.forget().bodies).handle(delivered(closed), FakeState())
    assert inner.given == [event]
    assert outcome.outputs == (Emit("steps.completed", closed, 3, "id"),)


async def test_parts_that_nobody_needs_are_not_read() -> None:
    pantry, event = Pantry(), make_completed(LARGE, step=make_step(LARGE * 2))
    closed = await pantry.bodies.closed(event)
    assert isinstance(closed, StepCompleted)
    other, inner = pantry.forget(), Inner(Outcome)
    pantry.store.calls.clear()
    await WithBodies(inner, other.bodies, leave=Step).handle(delivered(closed), FakeState())
    assert inner.given == [event.model_copy(update={"step": closed.step})]
    assert pantry.store.calls == ["get"]


async def test_nothing_is_handled_while_the_store_is_away() -> None:
    pantry = Pantry()
    closed = await pantry.bodies.closed(make_completed(LARGE))
    assert isinstance(closed, StepCompleted)
    inner = Inner(Outcome)
    pantry.store.away = True
    with pytest.raises(StoreAway):
        await WithBodies(inner, pantry.forget().bodies).handle(delivered(closed), FakeState())
    assert inner.given == []


async def test_an_event_that_says_ref_in_its_text_alone_is_as_it_was() -> None:
    pantry, event = Pantry(), make_completed('"ref"')
    inner = Inner(Outcome)
    await WithBodies(inner, pantry.bodies).handle(delivered(event), FakeState())
    assert inner.given == [event]
    assert pantry.store.calls == []


class Asking:
    """Asks for values one after the other, as code does that does not know what it will need."""

    def __init__(self, at_hand: BodiesAtHand, *wanted: Ref) -> None:
        self.runs = 0
        self.got: list[Any] = []
        self._at_hand = at_hand
        self._wanted = wanted

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        self.runs += 1
        self.got = [self._at_hand.value("default", each.ref) for each in self._wanted]
        reference = self._at_hand.reference("default", {"made": LARGE})
        assert self._at_hand.reference("default", "small") is None
        return Outcome(changes=(Change("store", b"key", str(reference).encode()),))


async def test_it_is_run_anew_until_it_has_all_and_what_it_sets_aside_is_laid_down_once() -> None:
    pantry, at_hand = Pantry(kept_bytes=0), BodiesAtHand(INLINE_BYTES)
    asking = Asking(at_hand, pantry.lay("first"), pantry.lay("second"))
    outcome = await WithBodiesAtHand(asking, at_hand, pantry.bodies).handle(make_delivery(), FakeState())
    assert (asking.runs, asking.got) == (3, ["first", "second"])
    made = reference_to({"made": LARGE})
    assert outcome.changes == (Change("store", b"key", str(made).encode()),)
    assert pantry.store.calls == ["get", "get", "put"]
    assert ("default", made.sha256) in pantry.store.objects


async def test_what_cannot_be_had_is_told_to_who_asks_for_it() -> None:
    pantry, at_hand = Pantry(), BodiesAtHand(INLINE_BYTES)
    asking = Asking(at_hand, Ref(ref=reference_to("nowhere")))
    with pytest.raises(BodyUnusable, match="not there"):
        await WithBodiesAtHand(asking, at_hand, pantry.bodies).handle(make_delivery(), FakeState())


async def test_state_is_given_out_only_when_what_it_names_is_there() -> None:
    pantry, at_hand = Pantry(), BodiesAtHand(INLINE_BYTES)
    pantry.store.away = True
    handler = WithBodiesAtHand(Asking(at_hand), at_hand, pantry.bodies)
    handling = asyncio.ensure_future(handler.handle(make_delivery(), FakeState()))
    await asyncio.sleep(0)
    assert not handling.done()
    pantry.store.away = False
    for _ in range(3):
        await asyncio.sleep(0)
        pantry.clock.advance(1)
    await handling
    assert len(pantry.store.objects) == 1


def test_without_a_store_nothing_is_set_aside_and_nothing_can_be_had() -> None:
    at_hand = BodiesAtHand()
    assert at_hand.reference("default", LARGE * 10_000) is None
    assert at_hand.max_bytes is None
    with pytest.raises(BodyUnusable, match="HEADCHEF_BODIES"):
        at_hand.value("default", reference_to(LARGE))
