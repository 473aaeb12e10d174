"""Jobs that name a workflow at the door: which are taken, and what is said to the others."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headchef_contracts.events.workflows import WorkflowPublished

from headchef.runtime.errors import InvalidEvent
from headchef.workflow.published import publication
from tests.router.leading.kitchen import Kitchen, echo, written
from tests.support.builders import NOON, make_delivery, make_firing

ONE = """
  - {id: last, llm: {text: "About {{ input.name }}"}}
"""
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


async def kitchen(folder: Path, steps: str = ONE, more: str = "input: {schema: who.v1}") -> Kitchen:
    kit = Kitchen(echo)
    await kit.publish(written(folder, steps, more=more, who_v1=SCHEMA))
    return kit


@pytest.mark.parametrize(
    ("fields", "reason", "field", "words"),
    [
        ({"workflow": "w@2"}, "unknown_workflow", "workflow", "no workflow w@2 is published; did you mean w@1?"),
        ({"workflow": "w"}, "invalid", "workflow", "must match"),
        ({"input": {"nam": "x"}}, "invalid", "input", "name"),
        ({"input": {"name": 7}}, "invalid", "input.name", "string"),
        ({"prompt": "hi"}, "invalid", "prompt", "a workflow says this itself"),
        ({"model": "small"}, "invalid", "model", "a workflow says this itself"),
        ({"tier": "cheap"}, "invalid", "tier", "a workflow says this itself"),
    ],
)
async def test_what_cannot_be_led_is_refused(
    tmp_path: Path, fields: dict[str, Any], reason: str, field: str, words: str
) -> None:
    kit = await kitchen(tmp_path)
    job = {"job_id": "job-1", "workflow": "w@1", "input": {"name": "Ada"}} | fields
    await kit.deliver(make_delivery(value=job))
    [refused] = kit.refused
    assert (refused.reason, refused.field) == (reason, field)
    assert words in refused.message
    assert not kit.stored
    assert not kit.given_out


async def test_the_same_job_again_is_dropped_also_when_it_is_over(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path)
    await kit.submit({"name": "Ada"})
    await kit.submit({"name": "Ada"})
    await kit.run()
    await kit.submit({"name": "Ada"})
    assert len(kit.given_out) == 1
    assert len(kit.finished) == 1


async def test_a_published_version_never_changes(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path)
    other = publication(written(tmp_path, ONE.replace("About", "Of"), more="input: {schema: who.v1}"), NOON)
    with pytest.raises(InvalidEvent, match="w@1 was published before with other content"):
        await kit.door.library.take(other)
    await kit.submit({"name": "Ada"})
    assert echo(kit.given_out[0]) == "About Ada"


async def test_what_was_published_otherwise_than_it_says_is_not_used(tmp_path: Path) -> None:
    kit = Kitchen(echo)
    event = publication(written(tmp_path, ONE), NOON)
    tampered: WorkflowPublished = event.model_copy(update={"text": event.text.replace("About", "Of")})
    await kit.door.library.take(tampered)
    await kit.submit({"name": "Ada"})
    [refused] = kit.refused
    assert refused.reason == "unknown_workflow"
    assert "was published as w@1/" in refused.message


async def test_the_time_of_a_workflow_is_a_deadline_from_when_the_job_was_submitted(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, more="budget: {seconds: 90}")
    await kit.submit({"name": "Ada"})
    sooner = NOON + timedelta(seconds=20)
    await kit.submit({"name": "Eve"}, job_id="job-2", deadline=sooner.isoformat())
    assert [step.job.deadline for step in kit.steps] == [NOON + timedelta(seconds=90), sooner]


async def test_a_job_of_which_nothing_comes_fails_when_all_has_expired(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path)
    await kit.submit({"name": "Ada"})
    [timer] = kit.timers.values()
    kit.door.clock.advance((timer.due - kit.door.clock.now()).total_seconds())
    await kit.deliver(make_firing(timer))
    [finished] = kit.finished
    assert finished.failure is not None
    assert finished.failure.reason == "step_failed"
    assert "nothing has come of last since" in finished.failure.message
    assert not kit.stored


async def test_a_job_that_has_moved_meanwhile_is_given_more_time(tmp_path: Path) -> None:
    steps = """
  - {id: first, llm: {text: "one"}}
  - {id: last, llm: {text: "two {{ first }}", with: {first: "{{ steps.first }}"}}}
"""
    kit = await kitchen(tmp_path, steps, more="")
    await kit.submit()
    [timer] = kit.timers.values()
    day_s = 86_400.0
    kit.door.clock.advance(day_s)
    await kit.serve()
    kit.door.clock.advance((timer.due - kit.door.clock.now()).total_seconds())
    outcome = await kit.deliver(make_firing(timer))
    assert not kit.finished
    [again] = outcome.timers
    assert again.due == timer.due + timedelta(days=1)
    assert (await kit.run()).status == "ok"


async def test_a_workflow_that_has_gone_keeps_what_came(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path)
    await kit.submit({"name": "Ada"})
    state = kit.door.state
    stranger = Kitchen(echo)
    stranger.door.state = state
    with pytest.raises(InvalidEvent, match="is not published any more"):
        await stranger.deliver(kit.told(kit.open[0], "late"))


async def test_a_job_whose_workflow_has_gone_is_not_given_up(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path)
    await kit.submit({"name": "Ada"})
    [timer] = kit.timers.values()
    stranger = Kitchen(echo)
    stranger.door.state, stranger.timers = kit.door.state, dict(kit.timers)
    outcome = await stranger.deliver(make_firing(timer))
    [again] = outcome.timers
    assert again.due > timer.due
    assert not stranger.finished
