"""What is left of jobs for their next runs: how long it is kept, how much of it, and of how many jobs."""

from pathlib import Path
from typing import Any

from headchef_contracts.events.calls import CallFailure, CallPlanned

from headchef.runtime.processor import Timer
from tests.router.conftest import KEEP, KEPT_JOBS
from tests.router.leading.kitchen import Kitchen, ended
from tests.router.leading.oven import ITEMS, Oven, kitchen, run
from tests.support.builders import NOON, make_firing


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
