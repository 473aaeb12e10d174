"""`budget.seconds` of a step: what does not begin any more, from when that counts, and what becomes of the step."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headchef_contracts.events.calls import CallFailure, CallPlanned
from headchef_contracts.events.common import Inline
from headchef_contracts.events.fetches import FetchFailure, FetchPlanned
from headchef_contracts.events.jobs import Failure

from tests.router.leading.kitchen import Kitchen, echo, written
from tests.support.builders import NOON

ITEMS = """
  - {id: first, llm: {text: "one"}}
  - id: last
    for_each: {in: "{{ input.items }}", as: item, concurrency: 2, min_success: 0.5}
    llm: {text: "{{ first }} {{ item }}", with: {first: "{{ steps.first }}", item: "{{ item }}"}}
    budget: {seconds: 10}
"""
LATE = Failure(reason="deadline_exceeded", message="too late")


async def kitchen(folder: Path, steps: str, answer: Any = echo) -> Kitchen:
    kit = Kitchen(answer)
    await kit.publish(written(folder, steps))
    return kit


async def test_the_time_of_a_step_counts_from_its_own_beginning_and_is_one_for_all_items(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, ITEMS)
    await kit.submit({"items": ["a", "b", "c"]})
    kit.door.clock.advance(60)
    await kit.serve()
    kit.door.clock.advance(9)
    finished = await kit.run()
    assert finished.status == "ok"
    assert [step.deadline for step in kit.steps] == [None, *[NOON + timedelta(seconds=70)] * 3]
    assert "deadline" not in kit.steps[0].model_fields_set


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize(("after_s", "begun"), [(9.9, 4), (10, 2)])
async def test_no_item_begins_when_the_time_is_up_and_what_is_under_way_counts(
    tmp_path: Path, after_s: float, begun: int, goes_on: bool
) -> None:
    kit = await kitchen(tmp_path, ITEMS)
    await kit.submit({"items": ["a", "b", "c", "d"]})
    await kit.serve()
    kit.door.clock.advance(after_s)
    if goes_on:
        kit.restart()
    finished = await kit.run()
    assert len(kit.steps) == 1 + begun
    assert (finished.status, finished.provenance.attempts) == ("ok", 1 + begun)
    assert [finding.check for finding in finished.findings] == ["step_budget_exceeded"] * (4 - begun)
    assert finished.output == Inline(inline=["one a", "one b", "one c", "one d"][:begun])


@pytest.mark.parametrize("deadline_s", [None, 3, 20])
async def test_a_question_that_is_too_late_for_its_step_is_lost_and_for_its_job_ends_it(
    tmp_path: Path, deadline_s: float | None
) -> None:
    steps = """
  - {id: last, llm: {text: "one"}, budget: {seconds: 10}, on_error: continue_with, continue_with: "instead"}
"""
    kit = await kitchen(tmp_path, steps, lambda _: LATE)
    deadline = {} if deadline_s is None else {"deadline": (NOON + timedelta(seconds=deadline_s)).isoformat()}
    await kit.submit(**deadline)
    [step] = kit.steps
    assert step.latest == NOON + timedelta(seconds=3 if deadline_s == 3 else 10)
    finished = await kit.run()
    if deadline_s == 3:
        assert finished.failure == Failure(reason="deadline_exceeded", message="last: too late")
    else:
        assert (finished.status, finished.output) == ("ok", Inline(inline="instead"))
        assert [(found.check, found.message) for found in finished.findings] == [
            ("step_budget_exceeded", "the budget of the step: too late")
        ]


async def test_functions_and_sources_are_told_the_time_of_their_steps(tmp_path: Path) -> None:
    steps = """
  - {id: page, http: {get: "https://pim.example.com/", allow_hosts: [pim.example.com]}, budget: {seconds: 4},
     on_error: drop}
  - {id: last, python: {call: tests.join, with: {page: "{{ steps.page }}"}}, budget: {seconds: 5}, on_error: drop}
"""

    def answer(planned: Any) -> Any:
        told = {"reason": "step_budget_exceeded", "message": "too late"}
        return FetchFailure(**told) if isinstance(planned, FetchPlanned) else CallFailure(**told)

    kit = await kitchen(tmp_path, steps, answer)
    await kit.submit()
    finished = await kit.run()
    given = [each for each in kit.given_out if isinstance(each, FetchPlanned | CallPlanned)]
    assert [(type(each), each.deadline) for each in given] == [
        (FetchPlanned, NOON + timedelta(seconds=4)),
        (CallPlanned, NOON + timedelta(seconds=5)),
    ]
    assert (finished.status, [found.check for found in finished.findings]) == ("ok", ["step_budget_exceeded"] * 2)
