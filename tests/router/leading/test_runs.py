"""Further runs of jobs that came to no good end: what they take over, and what they pay for."""

from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import Failure

from headchef.workflow import load
from tests.router.leading.oven import ITEMS, Oven, kitchen, run


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


async def test_what_broke_its_checks_is_done_again(tmp_path: Path) -> None:
    steps = """
  - {id: last, python: {call: tests.made}, checks: [{check: chars, max: 4}]}
"""
    said = ["far too long", "good"]
    kit = await kitchen(tmp_path, lambda _: said.pop(0), steps)
    assert [(await run(kit, number)).status for number in range(2)] == ["failed", "ok"]
    assert not said
