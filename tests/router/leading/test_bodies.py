"""Large bodies of jobs through a workflow lie in the store: events and state name them, and lead to the same result."""

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from headchef_contracts.events.calls import CallFailure, CallPlanned
from headchef_contracts.events.common import Event, Inline, Ref
from headchef_contracts.events.jobs import Failure, JobFinished
from headchef_contracts.events.steps import StepPlanned
from headchef_contracts.registry import encode

from headchef.bodies import StoreAway
from headchef.bodies.places import bodies_in
from headchef.router.leading import JOBS, doing, finishing
from headchef.runtime.processor import Delivery, Emit, Outcome
from headchef.workflow import Workflow
from tests.bodies.builders import INLINE_BYTES, LARGE, Pantry, reference_to
from tests.router.leading.kitchen import Answer, Kitchen, Planned, prompt_of, written
from tests.support.builders import make_delivery

STEPS = """
  - {id: outline, python: {call: tests.outline, with: {brief: "{{ input.brief }}"}}}
  - id: parts
    for_each: {in: "{{ input.parts }}", as: part, concurrency: 2}
    llm: {text: "Of {{ part }} by {{ outline }}", with: {part: "{{ part }}", outline: "{{ steps.outline }}"}}
  - id: last
    python: {call: tests.join, with: {parts: "{{ steps.parts }}", outline: "{{ steps.outline }}"}}
"""
INPUT = {"brief": f"Brief. {LARGE}", "parts": [f"{number} {LARGE}" for number in range(4)]}


def answer(planned: Planned) -> Any:
    """Give back all that was asked, so that each body depends on those before."""
    if isinstance(planned, CallPlanned):
        return {"called": planned.function, **planned.arguments}
    return f"About {prompt_of(planned)}"


class Serving(Kitchen):
    """A router over a store, with services around it that open and close their events as ours do."""

    def __init__(self, pantry: Pantry, answer: Answer = answer, **about: Any) -> None:
        super().__init__(answer, bodies=pantry.forget().bodies, **about)
        self.pantry = pantry
        self.given: list[Event] = []

    async def deliver(self, delivery: Delivery) -> Outcome:
        if delivery.event is not None:
            event = await self.pantry.bodies.closed(delivery.event)
            delivery = replace(delivery, event=event, record=delivery.record._replace(value=encode(event)))
        outcome = await super().deliver(delivery)
        self.given += [output.event for output in outcome.outputs if isinstance(output, Emit)]
        for events in (self.open, self.given_out):
            events[:] = [await self.pantry.bodies.opened(event) for event in events]  # type: ignore[misc]  # stays one
        return outcome

    def restart(self) -> None:
        self.bodies = self.pantry.forget().bodies
        super().restart()


@pytest.fixture
def flow(tmp_path: Path) -> Workflow:
    return written(tmp_path, STEPS)


async def serving(flow: Workflow, pantry: Pantry | None = None, **about: Any) -> Serving:
    kit = Serving(pantry or Pantry(), **about)
    await kit.publish(flow)
    return kit


async def without_a_store(flow: Workflow) -> JobFinished:
    kit = Kitchen(answer)
    await kit.publish(flow)
    await kit.submit(INPUT)
    return await kit.run()


def large_in(kit: Serving) -> list[object]:
    """Give all bodies in events and state that are larger than may be."""
    inline = [body.inline for event in kit.given for body in bodies_in(event) if isinstance(body, Inline)]
    stored = [value for (store, _), value in kit.door.state.values.items() if store == JOBS]
    return [
        *(body for body in inline if reference_to(body).bytes > INLINE_BYTES),
        *(value for value in stored if LARGE.encode() in value),
    ]


async def test_a_job_comes_to_the_same_and_no_event_or_state_has_a_large_body(flow: Workflow) -> None:
    kit, expected = await serving(flow), await without_a_store(flow)
    await kit.submit(INPUT)
    while kit.open:
        assert large_in(kit) == []
        await kit.serve()
    assert large_in(kit) == []
    [finished] = kit.finished
    assert isinstance(finished.output, Ref)
    assert finished.output.ref.bytes > 10 * INLINE_BYTES
    assert await kit.pantry.bodies.opened(finished) == expected
    assert not kit.stored


@pytest.mark.parametrize("seed", range(10))
async def test_a_job_is_made_anew_from_references_at_any_time(flow: Workflow, seed: int) -> None:
    chance = Random(seed)
    kit, expected = await serving(flow, chance=chance, doubled=seed % 2 == 0), await without_a_store(flow)
    await kit.submit(INPUT)
    while kit.open:
        if chance.random() < 0.5:
            kit.restart()
        await kit.serve()
    [finished] = kit.finished
    opened = await kit.pantry.bodies.opened(finished)
    assert isinstance(opened, JobFinished)
    assert (opened.status, opened.output) == ("ok", expected.output)
    assert opened.provenance.fingerprint == expected.provenance.fingerprint
    assert len(kit.given_out) == 6, "nothing is asked twice"


async def test_what_is_counted_is_counted_once_however_often_bodies_are_read_first(flow: Workflow) -> None:
    kit = await serving(flow)
    await kit.submit(INPUT)
    while len(kit.open) + len(kit.finished) and not kit.finished:
        kit.restart()
        await kit.serve()
    assert kit.door.metrics.total("headchef.jobs.finished") == 1
    assert len(kit.door.metrics.recorded("headchef.job.duration")) == 1


async def test_nothing_is_forgotten_or_done_while_the_store_is_away(flow: Workflow) -> None:
    kit = await serving(flow)
    await kit.submit(INPUT)
    while len(kit.open) and not kit.door.state.values.get((JOBS, b"default\0job-1\x000\x000\0parts\x000")):
        await kit.serve()
    before = dict(kit.door.state.values)
    delivery = kit.told(kit.open[0], "small")
    assert delivery.event is not None
    delivery = replace(delivery, event=await kit.pantry.bodies.closed(delivery.event))
    kit.restart()
    kit.pantry.store.away = True
    with pytest.raises(StoreAway):
        await kit.deliver(delivery)
    assert kit.door.state.values == before
    kit.pantry.store.away = False
    assert (await kit.run()).status == "ok"


async def test_an_output_that_is_gone_loses_its_step_and_says_why(flow: Workflow) -> None:
    kit = await serving(flow)
    await kit.submit(INPUT)
    [planned] = kit.open
    delivery = kit.told(planned, LARGE)
    assert delivery.event is not None
    closed = await kit.pantry.bodies.closed(delivery.event)
    del kit.pantry.store.objects["default", reference_to(LARGE).sha256]
    await kit.deliver(replace(delivery, event=closed))
    [finished] = kit.finished
    assert finished.failure is not None
    assert (finished.status, finished.failure.reason) == ("failed", "step_failed")
    assert "outline: body_missing" in finished.failure.message
    assert reference_to(LARGE).sha256 in finished.failure.message


async def test_what_was_known_of_a_job_and_is_gone_sends_its_news_to_the_dead_letters(flow: Workflow) -> None:
    kit = await serving(flow)
    await kit.submit(INPUT)
    [planned] = kit.open
    kit.restart()
    [gone] = [key for key, data in kit.pantry.store.objects.items() if b"brief" in data and b"parts" in data]
    del kit.pantry.store.objects[gone]
    with pytest.raises(Exception, match="body_missing"):
        await kit.deliver(kit.told(planned, "small"))
    assert not kit.finished


async def test_what_is_larger_than_its_topic_is_taken_where_there_is_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finishing, "MAX_OUTPUT_BYTES", 1_000)
    monkeypatch.setattr(doing, "MAX_ARGUMENT_BYTES", 1_000)
    steps = """
  - {id: first, python: {call: tests.large}}
  - {id: last, python: {call: tests.larger, with: {text: "{{ steps.first }}"}}}
"""
    kit = await serving(written(tmp_path, steps), answer=lambda planned: planned.function[-1] * 1_001)
    await kit.submit()
    while kit.open:
        await kit.serve()
    [finished] = kit.finished
    assert (finished.status, finished.output) == ("ok", Ref(ref=reference_to("r" * 1_001)))
    assert [kit.given_out[1].arguments] == [{"text": "e" * 1_001}]  # type: ignore[union-attr]  # a call


async def test_a_job_that_refers_to_its_input_is_led_as_one_that_has_it(flow: Workflow) -> None:
    pantry = Pantry()
    kit, expected = await serving(flow, pantry), await without_a_store(flow)
    body = pantry.lay(INPUT)
    await kit.deliver(
        make_delivery(value={"job_id": "job-1", "workflow": "w@1", "input": body.model_dump()}, event_id="event-0")
    )
    opened = await pantry.bodies.opened(await kit.run())
    assert isinstance(opened, JobFinished)
    assert (opened.output, opened.provenance.fingerprint) == (expected.output, expected.provenance.fingerprint)


async def test_a_further_run_takes_over_outputs_that_lie_in_the_store(flow: Workflow) -> None:
    lost = {"part 3"}

    def sometimes(planned: Planned) -> Any:
        is_part = isinstance(planned, StepPlanned) and planned.step.item == "3"
        return Failure(reason="timeout", message="30 s") if is_part and lost else answer(planned)

    kit, expected = await serving(flow, answer=sometimes), await without_a_store(flow)
    await kit.submit(INPUT)
    while kit.open:
        await kit.serve()
    assert [event.status for event in kit.finished] == ["failed"]
    asked = len(kit.given_out)
    lost.clear()
    kit.restart()
    await kit.submit(INPUT, run=1)
    while kit.open:
        await kit.serve()
    assert len(kit.given_out) - asked == 2, "the part that was lost, and what joins all"
    opened = await kit.pantry.bodies.opened(kit.finished[-1])
    assert isinstance(opened, JobFinished)
    assert (opened.status, opened.output) == ("ok", expected.output)
    assert kit.door.metrics.total("headchef.jobs.accepted") == 1
    assert large_in(kit) == []


async def test_a_further_run_does_again_what_is_gone_from_the_store(flow: Workflow) -> None:
    lost = {"last"}

    def sometimes(planned: Planned) -> Any:
        is_last = isinstance(planned, CallPlanned) and planned.step_id == "last"
        return CallFailure(reason="timeout", message="30 s") if is_last and lost else answer(planned)

    kit, expected = await serving(flow, answer=sometimes), await without_a_store(flow)
    await kit.submit(INPUT)
    while kit.open:
        await kit.serve()
    asked = len(kit.given_out)
    lost.clear()
    kit.restart()
    for key in [key for key, data in kit.pantry.store.objects.items() if data.startswith(b"About")]:
        del kit.pantry.store.objects[key]
    kit.pantry = kit.pantry.forget()
    await kit.submit(INPUT, run=1)
    while kit.open:
        await kit.serve()
    assert len(kit.given_out) - asked == 5, "four parts, and what joins all; the outline is still there"
    opened = await kit.pantry.bodies.opened(kit.finished[-1])
    assert isinstance(opened, JobFinished)
    assert (opened.status, opened.output) == ("ok", expected.output)


async def test_a_review_is_counted_once_where_a_body_is_read_after_it_was_asked_for(tmp_path: Path) -> None:
    steps = """
  - {id: look, human: {review: "{{ input.page }}", within: 60, otherwise: needs_review}}
  - {id: notes, python: {call: tests.notes}}
  - {id: last, python: {call: tests.join, with: {page: "{{ steps.look }}", notes: "{{ steps.notes }}"}}}
"""
    kit = await serving(written(tmp_path, steps), answer=lambda planned: LARGE if planned.step_id == "notes" else "x")
    for run in range(2):
        await kit.submit({"page": "Ghent"}, run=run)
        while kit.open:
            await kit.serve()
        assert kit.door.metrics.total("headchef.reviews.asked") == 1
        [review] = [timer for timer in kit.timers.values() if "review" in timer.id]
        await kit.ring(review)
        while kit.open:
            await kit.serve()
        kit.restart()
    assert [event.status for event in kit.finished] == ["needs_review"] * 2
