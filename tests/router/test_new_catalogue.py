"""A published catalogue decides the next record, and what was planned before stays as it was planned."""

from headchef_contracts.events.jobs import JobRefused
from headchef_contracts.events.steps import StepPlanned
from headchef_contracts.registry import encode

from headchef.runtime.processor import Emit, Outcome
from tests.router.conftest import Door
from tests.support.builders import make_delivery, make_job, make_judged, make_step
from tests.support.published import ONE_MODEL, make_published, version_of

NEW = ONE_MODEL.replace("small", "tiny")


def event_of(outcome: Outcome) -> StepPlanned | JobRefused:
    [event] = [output.event for output in outcome.outputs if isinstance(output, Emit)]
    assert isinstance(event, StepPlanned | JobRefused)
    return event


async def test_the_next_job_is_planned_by_it(door: Door) -> None:
    before = event_of(await door.submit(make_job("job-1")))
    await door.in_force.take(make_published(NEW))
    after = event_of(await door.submit(make_job("job-2")))
    assert isinstance(before, StepPlanned)
    assert isinstance(after, StepPlanned)
    assert (before.step.request.model, before.decided.catalog_version) == ("small", "cafe")
    assert (after.step.request.model, after.decided.catalog_version) == ("tiny", version_of(NEW))
    assert after.step.catalog_version == version_of(NEW)


async def test_a_step_says_how_many_partitions_of_its_lane_are_in_use(door: Door) -> None:
    for number, used in enumerate((None, 2, 1, None)):
        lane = "provider: acme" if used is None else f"provider: acme, active_partitions: {used}"
        await door.in_force.take(make_published(ONE_MODEL.replace("provider: acme", lane) + f"# {number}\n"))
        planned = event_of(await door.submit(make_job(f"job-{number}")))
        assert isinstance(planned, StepPlanned)
        assert planned.step.lane_partitions == used
        assert (b"lane_partitions" in encode(planned)) == (used is not None)


async def test_a_model_that_is_gone_is_refused_and_the_refusal_names_the_version(door: Door) -> None:
    await door.in_force.take(make_published(NEW))
    refused = event_of(await door.submit(make_job("job-1", model="small")))
    assert isinstance(refused, JobRefused)
    assert (refused.reason, refused.decided.catalog_version) == ("unknown_model", version_of(NEW))
    assert "did you mean" in refused.message or "tiny" in refused.message


async def test_a_job_that_was_accepted_stays_accepted(door: Door) -> None:
    await door.submit(make_job("job-1"))
    await door.in_force.take(make_published(NEW))
    again = await door.submit(make_job("job-1"))
    assert (again.outputs, again.counted) == ((), ("headchef.jobs.duplicates",))


async def test_a_step_that_is_planned_again_keeps_its_model(door: Door) -> None:
    await door.in_force.take(make_published(NEW))
    step = make_step()
    replanned = event_of(await door.deliver(make_delivery(make_judged(step), topic="steps.judged")))
    assert isinstance(replanned, StepPlanned)
    assert (replanned.step.request, replanned.step.catalog_version) == (step.request, step.catalog_version)
    assert replanned.decided.catalog_version == version_of(NEW)
