"""A job that is gone through again, as what came of it is read again: it stands where it stood."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from headchef.workflow.progress import Came, Lost, Outcome, Progress, Unit
from tests.workflow.progress.jobs import begun, fresh, workflow

STEPS = """
  - {id: first, llm: {text: "of {{ about }}", with: {about: "{{ input.about }}"}}}
  - id: parts
    for_each: {in: "{{ input.items }}", as: it, concurrency: 3, min_success: 0.5}
    llm: {text: "{{ it.name }} {{ first }}", with: {it: "{{ it }}", first: "{{ steps.first }}"}}
  - id: checked
    for_each: {in: "{{ input.items }}", as: it, concurrency: 2, min_success: 0}
    python: {call: f, with: {name: "{{ it.n }}"}}
    checks: [{check: chars, max: 3}]
  - {id: look, human: {review: "{{ steps.first }}", within: 60, otherwise: approve}}
  - {id: last, on_error: drop, python: {call: g, with: {all: ["{{ steps.parts }}", "{{ steps.checked }}"]}}}"""
VALUES = {"about": "cats", "items": [{"n": n, "name": f"k{n}"} if n % 4 else {"n": n} for n in range(9)]}
"""Of those without a name no question can be made."""


def again(progress: Progress, told: list[tuple[Unit, Outcome]]) -> Progress:
    """Go through the same again."""
    known = {unit for unit, _ in told}
    made = fresh(progress.workflow, VALUES)
    made.is_known = known.__contains__
    made.begin()
    for unit, outcome in told:
        made.ended(unit, outcome)
    made.is_known = None
    return made


def stands(progress: Progress) -> tuple[Any, ...]:
    return dict(progress.under_way), progress.outputs, progress.losses, progress.ending


@pytest.mark.parametrize("seed", range(30))
def test_a_job_stands_where_it_stood(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    progress, todo = begun(workflow(tmp_path, STEPS), VALUES)
    told: list[tuple[Unit, Outcome]] = []
    while todo:
        unit = todo.pop(chance.randrange(len(todo))).unit
        lost = chance.random() < 0.1
        outcome: Outcome = (
            Lost("timeout", "30 s") if lost else Came("x" * chance.randint(1, 4), undecided=unit.step == "look")
        )
        told.append((unit, outcome))
        made = again(progress, told[:-1])
        assert stands(made) == stands(progress)
        more = progress.ended(unit, outcome)
        assert made.ended(unit, outcome) == more
        assert stands(made) == stands(progress)
        todo = [each for each in (*todo, *more) if each.unit in progress.under_way]
    assert progress.ending is not None


def test_what_is_known_is_not_to_be_done_and_not_under_way(tmp_path: Path) -> None:
    made = fresh(workflow(tmp_path, STEPS), {"about": "cats", "items": []})
    made.is_known = lambda unit: unit.step == "first"
    assert (made.begin(), dict(made.under_way)) == ([], {})
    assert made.waits_for(Unit("first"))
    [look, _] = made.ended(Unit("first"), Came("x"))
    assert not made.waits_for(Unit("first"))
    assert made.ended(Unit("first"), Came("y")) == []
    assert made.outputs["first"] == "x"
    assert look.unit == Unit("look")
