"""Of which class a job is, and where its step goes: what it says itself counts, else the topic where it lies."""

from typing import Any

import pytest

from headchef_contracts.events.steps import StepPlanned

from headchef.runtime.processor import Emit, Outcome
from tests.router.conftest import Door
from tests.support.builders import make_delivery, make_job, make_judged, make_step


def planned(outcome: Outcome) -> tuple[str, str]:
    """Give where a step was planned to, and the class that it says it is of."""
    [emitted] = outcome.outputs
    assert isinstance(emitted, Emit)
    assert isinstance(emitted.event, StepPlanned)
    return emitted.topic, emitted.event.step.job.job_class


INTERACTIVE, BULK = ("steps.planned", "interactive"), ("steps.planned.bulk", "bulk")


@pytest.mark.parametrize(
    ("entry", "says", "expected"),
    [
        ("jobs.submitted", {}, INTERACTIVE),
        ("jobs.submitted.bulk", {}, BULK),
        ("jobs.submitted", {"class": "bulk"}, BULK),
        ("jobs.submitted.bulk", {"class": "interactive"}, INTERACTIVE),
        ("jobs.submitted", {"class": "interactive"}, INTERACTIVE),
        ("jobs.submitted.bulk", {"class": "bulk"}, BULK),
    ],
)
async def test_a_job_is_of_the_class_that_it_says_or_of_its_topics(
    door: Door, entry: str, says: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert planned(await door.submit(make_job(**says), topic=entry)) == expected
    assert door.metrics.counts["headchef.jobs.accepted", (("class", expected[1]),)] == 1


async def test_a_copy_in_the_other_topic_is_a_duplicate(door: Door) -> None:
    await door.submit(make_job())
    again = await door.submit(make_job(), topic="jobs.submitted.bulk", offset=9)
    assert (again.outputs, again.counted) == ((), ("headchef.jobs.duplicates",))


async def test_a_refusal_names_the_topic_and_its_dead_letters(door: Door) -> None:
    _, refused = (await door.submit(b"not json", topic="jobs.submitted.bulk")).outputs
    assert isinstance(refused, Emit)
    event: Any = refused.event
    assert (event.source.topic, event.dead_letter_topic) == ("jobs.submitted.bulk", "jobs.submitted.bulk.dlq")


async def test_a_step_that_is_planned_again_stays_in_its_class(door: Door) -> None:
    step = make_step()
    bulk = step.model_copy(update={"job": step.job.model_copy(update={"job_class": "bulk"})})
    delivery = make_delivery(make_judged(bulk), topic="steps.judged")
    assert planned(await door.deliver(delivery)) == BULK
