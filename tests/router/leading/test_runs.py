"""Further runs of jobs that came to no good end: what they take over, what they pay for, and what is forgotten when."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from headchef_contracts.events.calls import CallFailure, CallPlanned
from headchef_contracts.events.common import Inline
from headchef_contracts.events.fetches import FetchFailure, FetchPlanned
from headchef_contracts.events.jobs import Failure, JobFinished
from headchef_contracts.events.steps import StepPlanned

from headchef.runtime.processor import Timer
from headchef.workflow import load
from tests.router.conftest import KEEP, KEPT_JOBS
from tests.router.leading.kitchen import Kitchen, echo, ended, written
from tests.support.builders import NOON, make_firing

STEPS = """
  - {id: page, http: {get: "https://pim.example.com/", allow_hosts: [pim.example.com]}}
  - {id: outline, llm: {text: "of {{ page }}", with: {page: "{{ steps.page }}"}}, cache: bypass}
  - id: parts
    for_each: {in: "{{ input.items }}", as: item, concurrency: 10, key: id}
    llm: {text: "{{ outline }} {{ item.id }}", with: {outline: "{{ steps.outline }}", item: "{{ item }}"}}
  - {id: title, llm: {text: "title"}, on_error: continue_with, continue_with: "Untitled"}
  - {id: end, llm: {text: "end of {{ title }}", with: {title: "{{ steps.title }}"}}}
  - id: last
    python: {call: tests.join, with: {parts: "{{ steps.parts }}", title: "{{ steps.title }}", end: "{{ steps.end }}"}}
"""
ITEMS = {"items": [{"id": name} for name in "abc"]}


class Oven:
    """Answers questions, but for those that are lost just now, and counts what it is asked."""

    def __init__(self, *lost: str) -> None:
        self.lost = set(lost)
        self.asked: list[str] = []

    def __call__(self, planned: Any) -> Any:
        name = planned.step.step_id if isinstance(planned, StepPlanned) else planned.step_id
        item = planned.step.item if isinstance(planned, StepPlanned) else planned.item
        unit = name if item is None else f"{name}[{item}]"
        self.asked.append(unit)
        if unit in self.lost:
            if isinstance(planned, CallPlanned):
                return CallFailure(reason="timeout", message="30 s")
            lost = FetchFailure if isinstance(planned, FetchPlanned) else Failure
            return lost(reason="timeout", message="30 s")
        return echo(planned) if isinstance(planned, CallPlanned | FetchPlanned) else ended(output=echo(planned))


async def run(kit: Kitchen, number: int, values: Any = ITEMS, **fields: Any) -> JobFinished:
    await kit.submit(values, run=number, **fields)
    while kit.open:
        await kit.serve()
    return kit.finished[-1]


async def kitchen(folder: Path, oven: Callable[[Any], Any], steps: str = STEPS, **how: Any) -> Kitchen:
    kit = Kitchen(oven, **how)
    await kit.publish(written(folder, steps))
    return kit


async def test_the_next_run_pays_for_what_had_not_succeeded_alone(tmp_path: Path) -> None:
    oven = Oven("parts[b]")
    kit = await kitchen(tmp_path, oven)
    first = await run(kit, 0)
    assert first.status == "failed"
    asked, oven.asked, oven.lost = oven.asked, [], set()
    assert sorted(asked) == ["end", "outline", "page", "parts[a]", "parts[b]", "parts[c]", "title"]
    second = await run(kit, 1)
    assert oven.asked == ["parts[b]", "last"]
    assert (second.status, second.cost_usd, second.provenance.attempts) == ("ok", Decimal("0.001"), 1)
    assert second.cost_usd is not None
    assert first.cost_usd == Decimal("0.006"), "both together are all that was paid"
    steps = {step.step_id: (step.ended, step.taken_over, step.taken_from) for step in second.provenance.steps}
    assert steps == {
        "page": (1, 1, (0,)),
        "outline": (1, 1, (0,)),
        "title": (1, 1, (0,)),
        "end": (1, 1, (0,)),
        "parts": (3, 2, (0,)),
        "last": (1, 0, ()),
    }
    assert [source.step_id for source in second.provenance.sources] == ["page"]
    alone = await kitchen(tmp_path, Oven())
    assert second.output == (await run(alone, 0)).output
    assert not kit.stored | set(kit.timers)


async def test_a_unit_is_not_taken_over_where_what_it_was_made_of_comes_out_otherwise(tmp_path: Path) -> None:
    oven = Oven("title", "last")
    kit = await kitchen(tmp_path, oven)
    await run(kit, 0)
    oven.asked, oven.lost = [], set()
    second = await run(kit, 1)
    assert oven.asked == ["title", "end", "last"], "the end was of another title"
    assert isinstance(second.output, Inline)
    assert second.output.inline["end"] == "end of title"


async def test_what_is_left_outlasts_a_run_that_ends_before_it_is_needed(tmp_path: Path) -> None:
    oven = Oven("last")
    kit = await kitchen(tmp_path, oven)
    await run(kit, 0)
    oven.asked = []
    await run(kit, 1)
    assert oven.asked == ["last"]
    oven.lost, oven.asked = set(), []
    third = await run(kit, 2)
    assert (oven.asked, third.status, third.cost_usd) == (["last"], "ok", Decimal())
    assert {step.taken_from for step in third.provenance.steps} == {(0,), ()}
    assert not kit.stored


async def test_what_a_run_did_not_come_to_is_left_for_the_one_after_it(tmp_path: Path) -> None:
    oven = Oven("title", "last")
    called_off = Failure(reason="cancelled", message="by hand")

    def answer(planned: Any) -> Any:
        came = oven(planned)
        return called_off if oven.asked[-1] == "title" and kit.finished and len(kit.finished) == 1 else came

    kit = await kitchen(tmp_path, answer)
    await run(kit, 0)
    oven.asked = []
    assert (await run(kit, 1)).status == "cancelled"
    assert oven.asked == ["title"], "the end was asked for without a title, and is not come to"
    oven.asked, oven.lost = [], {"title"}
    third = await run(kit, 2)
    assert (third.status, oven.asked) == ("ok", ["title", "last"])
    assert {step.step_id: step.taken_from for step in third.provenance.steps}["end"] == (0,)
    assert not kit.stored | set(kit.timers)


async def test_who_goes_on_takes_over_the_same(tmp_path: Path) -> None:
    oven = Oven("outline")
    kit = await kitchen(tmp_path, oven)
    await run(kit, 0)
    oven.asked, oven.lost = [], {"last"}
    await kit.submit(ITEMS, run=1)
    while kit.open:
        kit.restart()
        await kit.serve()
    assert sorted(oven.asked) == ["last", "outline", "parts[a]", "parts[b]", "parts[c]"]
    oven.asked, oven.lost = [], set()
    assert (await run(kit, 2)).status == "ok"
    assert oven.asked == ["last"]
    assert not kit.stored


@pytest.mark.parametrize(
    "other", [{"values": {"items": [{"id": "a"}]}}, {"revision": 1}, {"tenant": "other"}, {"job_id": "job-2"}]
)
async def test_another_job_takes_nothing_over(tmp_path: Path, other: dict[str, Any]) -> None:
    oven = Oven("last")
    kit = await kitchen(tmp_path, oven)
    await run(kit, 0)
    oven.asked, oven.lost = [], set()
    finished = await run(kit, 1, **other)
    assert finished.status == "ok"
    assert {"page", "outline", "parts[a]", "title", "end", "last"} <= set(oven.asked)


async def test_another_version_of_the_workflow_takes_nothing_over(tmp_path: Path) -> None:
    oven = Oven("last")
    kit = await kitchen(tmp_path, oven)
    await run(kit, 0)
    text = (tmp_path / "w.yaml").read_text().replace("version: 1", "version: 2")
    (tmp_path / "w.yaml").write_text(text)
    await kit.publish(load(tmp_path / "w.yaml"))
    oven.asked, oven.lost = [], set()
    assert (await run(kit, 1, workflow="w@2")).status == "ok"
    assert "outline" in oven.asked
    assert not kit.stored, "what the first version left is forgotten too"


async def fired(kit: Kitchen, timer: Timer) -> None:
    kit.door.clock.advance((timer.due - kit.door.clock.now()).total_seconds())
    await kit.deliver(make_firing(timer))


async def test_what_is_left_is_forgotten_when_its_time_is_up(tmp_path: Path) -> None:
    oven = Oven("last")
    kit = await kitchen(tmp_path, oven)
    await run(kit, 0)
    [timer] = kit.timers.values()
    assert timer.due == NOON + KEEP
    assert kit.stored == {"jobs"}
    await fired(kit, timer)
    assert not kit.stored | set(kit.timers)
    oven.asked, oven.lost = [], set()
    assert (await run(kit, 1)).status == "ok"
    assert len(oven.asked) == 8


async def test_it_is_kept_as_long_after_the_newest_run_and_may_go_while_one_is_under_way(tmp_path: Path) -> None:
    oven = Oven("last")
    kit = await kitchen(tmp_path, oven)
    await run(kit, 0)
    kit.door.clock.advance(3600)
    oven.lost |= {"outline"}
    await run(kit, 1)
    [timer] = kit.timers.values()
    assert (timer.due - NOON - KEEP).total_seconds() == 3600
    oven.lost, oven.asked = set(), []
    await kit.submit(ITEMS, run=2)
    await fired(kit, timer)
    while kit.open:
        await kit.serve()
    assert kit.finished[-1].status == "ok"
    assert not kit.stored


async def test_no_more_is_kept_than_has_room(tmp_path: Path) -> None:
    steps = """
  - {id: small, llm: {text: "x"}}
  - {id: large, llm: {text: "{{ small }}", with: {small: "{{ steps.small }}"}}}
  - {id: last, python: {call: tests.join, with: {all: "{{ steps.large }}"}}}
"""

    def answer(planned: Any) -> Any:
        oven(planned)
        if isinstance(planned, CallPlanned):
            return CallFailure(reason="raised", message="no")
        return ended(output="x" * (10_000 if planned.step.step_id == "large" else 1))

    oven = Oven()
    kit = await kitchen(tmp_path, answer, steps)
    await run(kit, 0, None)
    oven.asked = []
    await run(kit, 1, None)
    assert oven.asked == ["large", "last"]


@pytest.mark.parametrize("seed", range(20))
async def test_however_runs_end_nothing_is_paid_twice(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    units = ["page", "outline", "parts[a]", "parts[b]", "parts[c]", "title", "last"]
    oven = Oven()
    kit = await kitchen(tmp_path, oven, chance=chance)
    paid, had = Decimal(), set[str]()
    for number in range(6):
        # The title decides what the end is asked, so it comes to the same in all runs.
        oven.lost = {unit for unit in units[:-2] + units[-1:] if chance.random() < 0.25 * (number < 5)}
        oven.asked = []
        await kit.submit(ITEMS, run=number)
        while kit.open:
            if chance.random() < 0.3:
                kit.restart()
            await kit.serve()
        assert not had & set(oven.asked)
        had |= set(oven.asked) - oven.lost
        finished = kit.finished[-1]
        assert finished.cost_usd is not None
        paid += finished.cost_usd
        if finished.status == "ok":
            break
    assert kit.finished[-1].status == "ok"
    assert not kit.stored | set(kit.timers)
    assert paid == len(kit.steps) * Decimal("0.001"), "what the runs say together is the bill"


async def test_no_more_jobs_are_kept_than_there_are_places_and_the_oldest_goes(tmp_path: Path) -> None:
    oven = Oven("last")
    kit = await kitchen(tmp_path, oven)
    names = [f"job-{number}" for number in range(KEPT_JOBS + 2)]
    for name in names:
        await run(kit, 0, job_id=name)
    assert len(kit.timers) == KEPT_JOBS
    kept = {key.split(b"\0")[2].decode() for _, key in kit.door.state.values if key.startswith(b"\0default")}
    assert kept == set(names[-KEPT_JOBS:])
    oven.lost = set()
    for name in names:
        oven.asked = []
        await run(kit, 1, job_id=name)
        assert (oven.asked == ["last"]) == (name in kept)
    assert not kit.stored | set(kit.timers)


async def test_a_job_keeps_its_place_however_often_it_is_run(tmp_path: Path) -> None:
    oven = Oven("last")
    kit = await kitchen(tmp_path, oven)
    await run(kit, 0, job_id="first")
    for number in range(5):
        await run(kit, number, job_id="again")
    assert len(kit.timers) == 2
    oven.asked, oven.lost = [], set()
    await run(kit, 1, job_id="first")
    assert oven.asked == ["last"]
