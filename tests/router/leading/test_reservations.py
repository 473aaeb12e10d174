"""Values that a job reserves: asked for, handed on, and given back unless the job comes to a good end."""

from pathlib import Path
from typing import Any

import pytest

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import Failure
from headchef_contracts.events.reservations import ReservationAsked, ReservationFailure, ReservationReleased
from headchef_contracts.events.steps import StepPlanned

from headchef.homes import HOMES
from headchef.runtime.processor import Emit
from headchef.unique import account_of
from headchef.workflow import Workflow
from tests.router.conftest import SILENCE
from tests.router.leading.kitchen import Kitchen, echo, written
from tests.support.builders import make_firing

STEPS = """
  - id: title
    reserve: {site: "{{ input.site }}", name: title, value: "{{ input.title }}"}
  - id: last
    llm: {text: "Write {{ title }}", with: {title: "{{ steps.title }}"}}
"""
VALUES = {"site": "ghent.example", "title": "Best of Ghent"}
ACCOUNT = account_of("default", "ghent.example", "title", "Best of Ghent")
TAKEN = ReservationFailure(reason="taken", message="the title 'Best of Ghent' on ghent.example is held by the job 'b'")


@pytest.fixture
def flow(tmp_path: Path) -> Workflow:
    return written(tmp_path, STEPS)


async def kitchen(flow: Workflow, answer: Any = echo) -> Kitchen:
    made = Kitchen(answer)
    await made.publish(flow)
    return made


def asked_of(kit: Kitchen) -> list[ReservationAsked]:
    return [each for each in kit.given_out if isinstance(each, ReservationAsked)]


def released_of(kit: Kitchen) -> list[ReservationReleased]:
    outputs = [each for outcome in kit.outcomes for each in outcome.outputs if isinstance(each, Emit)]
    assert all(each.among == HOMES for each in outputs if each.topic == "reservations.asked")
    return [each.event for each in outputs if isinstance(each.event, ReservationReleased)]


def lost(reason: str) -> Any:
    """Answer as a service does, but lose each question for a reason."""

    def answer(planned: Any) -> Any:
        return (
            Failure.model_validate({"reason": reason, "message": "no"})
            if isinstance(planned, StepPlanned)
            else (echo(planned))
        )

    return answer


async def test_a_value_is_asked_for_among_the_homes_and_handed_on(flow: Workflow) -> None:
    kit = await kitchen(flow)
    await kit.submit(VALUES)
    [asked] = asked_of(kit)
    assert (asked.site, asked.name, asked.value) == ("ghent.example", "title", "Best of Ghent")
    assert asked.account == ACCOUNT
    finished = await kit.run()
    assert finished.output == Inline(inline="Write Best of Ghent")
    assert released_of(kit) == []


async def test_a_value_that_is_taken_is_lost_and_names_the_holder(flow: Workflow) -> None:
    kit = await kitchen(flow, lambda planned: TAKEN if isinstance(planned, ReservationAsked) else echo(planned))
    await kit.submit(VALUES)
    finished = await kit.run()
    assert finished.status == "failed"
    assert finished.failure is not None
    assert (finished.failure.reason, finished.failure.message) == ("step_failed", f"title: taken: {TAKEN.message}")
    assert released_of(kit) == [], "what a job has not got it does not give back"


@pytest.mark.parametrize(("reason", "status"), [("timeout", "failed"), ("cancelled", "cancelled")])
async def test_a_job_that_comes_to_no_good_end_gives_back_what_it_holds(
    flow: Workflow, reason: str, status: str
) -> None:
    kit = await kitchen(flow, lost(reason))
    await kit.submit(VALUES, run=2, revision=3)
    assert (await kit.run()).status == status
    [released] = released_of(kit)
    assert (released.account, released.tenant, released.job_id) == (ACCOUNT, "default", "job-1")
    assert (released.run, released.revision, released.earlier) == (2, 3, False)
    assert not kit.stored


async def test_who_goes_on_knows_what_the_job_holds(flow: Workflow) -> None:
    kit = await kitchen(flow, lost("timeout"))
    await kit.submit(VALUES)
    await kit.serve()
    kit.restart()
    await kit.run()
    assert [each.account for each in released_of(kit)] == [ACCOUNT]


async def test_a_result_that_breaks_its_schema_keeps_nothing(tmp_path: Path) -> None:
    short = {"type": "string", "maxLength": 3}
    flow = written(tmp_path, STEPS, result="{{ steps.last }}', schema: 'short.v1", short_v1=short)
    kit = await kitchen(flow)
    await kit.submit(VALUES)
    assert (await kit.run()).status == "rejected"
    assert [each.account for each in released_of(kit)] == [ACCOUNT]


async def test_each_item_reserves_its_own_and_all_is_given_back_once(tmp_path: Path) -> None:
    steps = """
  - id: slugs
    for_each: {in: "{{ input.slugs }}", as: slug}
    reserve: {site: s, name: slug, value: "{{ slug }}"}
  - id: last
    llm: {text: "Write {{ slugs }}", with: {slugs: "{{ steps.slugs }}"}}
"""
    kit = await kitchen(written(tmp_path, steps), lost("timeout"))
    await kit.submit({"slugs": ["a", "b", "A"]})
    await kit.run()
    assert [(each.item, each.value) for each in asked_of(kit)] == [("0", "a"), ("1", "b"), ("2", "A")]
    assert [each.account for each in released_of(kit)] == ["default/s/slug/a", "default/s/slug/b"]


async def test_a_job_of_which_nothing_comes_gives_back_what_it_may_have_got(flow: Workflow) -> None:
    kit = await kitchen(flow, lambda _: None)
    await kit.submit(VALUES)
    [alarm] = kit.timers.values()
    kit.door.clock.advance(SILENCE.total_seconds() + 1)
    await kit.deliver(make_firing(alarm))
    assert [finished.status for finished in kit.finished] == ["failed"]
    assert [each.account for each in released_of(kit)] == [ACCOUNT]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"site": "s", "title": 7}, "`value` must be a text, and is "),
        ({"site": "s", "title": " \n"}, "`value` is empty"),
        ({"site": "s", "title": "a" * 501}, "`value` has 501 characters; at most 500 are reserved"),
        ({"site": "s", "title": "a\0b"}, "`value` has a control character"),
        ({"site": "", "title": "a"}, "`site` must have 1 to 200 characters"),
        ({"site": None, "title": "a"}, "`site` must be a text, and is null"),
    ],
)
async def test_what_cannot_be_reserved_is_lost_and_not_asked(flow: Workflow, values: Any, said: str) -> None:
    kit = await kitchen(flow)
    await kit.submit(values)
    [finished] = kit.finished
    assert finished.failure is not None
    assert said in finished.failure.message
    assert not asked_of(kit)
