"""A step that is run for each item: so many at once, in order, with those that may fail and those that may not."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headchef.workflow.progress import Ask, Came, Ending, Lost, Outcome, Progress, Work
from tests.workflow.progress.jobs import begun, done, echoed, workflow

DOWN = Lost("timeout", "30 s")


def steps(each: str = "", more: str = "") -> str:
    return f"""
  - id: parts
    for_each: {{in: "{{{{ input.items }}}}", as: it, key: id{each}}}
    llm: {{text: "{{{{ it.id }}}} {{{{ it.n }}}}", with: {{it: "{{{{ it }}}}"}}}}{more}
  - {{id: last, python: {{call: f, with: {{parts: "{{{{ steps.parts }}}}"}}}}}}"""


def items(count: int) -> dict[str, Any]:
    return {"items": [{"id": f"k{number}", "n": number} for number in range(count)]}


def ended(progress: Progress) -> Ending:
    assert progress.ending is not None
    return progress.ending


def test_so_many_are_under_way_at_once(tmp_path: Path) -> None:
    progress, todo = begun(workflow(tmp_path, steps(", concurrency: 3")), items(5))
    assert [str(work.unit) for work in todo] == ["parts[k0]", "parts[k1]", "parts[k2]"]
    assert [work.prompt for work in todo if isinstance(work, Ask)] == ["k0 0", "k1 1", "k2 2"]
    [more] = progress.ended(todo[1].unit, Came("b"))
    assert str(more.unit) == "parts[k3]"


def test_outputs_are_in_the_order_of_the_list(tmp_path: Path) -> None:
    progress, todo = begun(workflow(tmp_path, steps(", concurrency: 4")), items(20))
    done(progress, todo, echoed, Random(5))
    assert ended(progress).output == {"called": "f", "parts": [f"k{number} {number}" for number in range(20)]}


@pytest.mark.parametrize("values", [[], [1]])
def test_an_empty_list_is_done_at_once(tmp_path: Path, values: list[int]) -> None:
    flow = workflow(tmp_path, steps().replace(", key: id", ""))
    _, [work] = begun(flow, {"items": [{"id": each, "n": 1} for each in values]})
    assert str(work.unit) == ("parts[0]" if values else "last")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([{"id": "a"}, {"id": "a"}], "two items have the `id` 'a'"),
        ([{"id": "a"}, {}], "item 1 has no `id` that is a text or a whole number, to tell it by"),
        ([{"id": True}], "item 0 has no `id`"),
        (["a"], "item 0 has no `id`"),
        ({"a": 1}, "`for_each` needs a list, and has object"),
    ],
)
def test_what_is_no_list_of_items_loses_the_step(tmp_path: Path, values: Any, message: str) -> None:
    progress, todo = begun(workflow(tmp_path, steps()), {"items": values})
    assert todo == []
    why = ended(progress).why
    assert why is not None
    assert message in why.message


def _lose(lost: set[str]) -> Any:
    def outcome(work: Work) -> Outcome:
        return DOWN if work.unit.item in lost else Came(str(work.unit.item))

    return outcome


@pytest.mark.parametrize(
    ("share", "lost", "status"),
    [(1.0, 0, "ok"), (1.0, 1, "failed"), (0.9, 1, "ok"), (0.9, 2, "failed"), (0.85, 1, "ok"), (0.0, 10, "ok")],
)
def test_so_many_may_fail_and_each_is_named(tmp_path: Path, share: float, lost: int, status: str) -> None:
    flow = workflow(tmp_path, steps(f", min_success: {share}"))
    progress, todo = begun(flow, items(10))
    names = {f"k{number}" for number in range(lost)}
    done(progress, todo, _lose(names), Random(1))
    ending = ended(progress)
    assert ending.status == status
    if status == "ok":
        assert {each.path for each in ending.findings} == {f"/steps/parts/{name}" for name in names}
        assert progress.outputs["parts"] == [f"k{number}" for number in range(lost, 10)]
    else:
        assert ending.why is not None
        assert ending.why.message.startswith(f"{lost} of 10 items failed, and at most {lost - 1} may: ")
        assert all(f"{name}: 30 s" in ending.why.message for name in names)


@pytest.mark.parametrize(
    ("on_error", "outputs"),
    [("drop", ["k1", "k2"]), ("continue_with\n    continue_with: '-'", ["-", "k1", "k2"])],
)
def test_a_lost_item_is_left_out_or_something_stands_in(tmp_path: Path, on_error: str, outputs: list[str]) -> None:
    progress, todo = begun(workflow(tmp_path, steps(more=f"\n    on_error: {on_error}")), items(3))
    done(progress, todo, _lose({"k0"}), Random(1))
    assert ended(progress).status == "ok"
    assert progress.outputs["parts"] == outputs
    assert [each.path for each in ended(progress).findings] == ["/steps/parts/k0"]


def test_nothing_begins_where_what_stands_in_cannot_be_filled_in(tmp_path: Path) -> None:
    stand_in = "\n    on_error: continue_with\n    continue_with: '{{ input.gone }}'"
    progress, [first] = begun(workflow(tmp_path, steps(", concurrency: 1", stand_in)), items(3))
    assert progress.ended(first.unit, DOWN) == []
    assert (ended(progress).status, ended(progress).failed) == ("failed", first.unit)
    assert not progress.under_way


def test_a_thousand_items_that_cannot_be_filled_in_are_no_recursion(tmp_path: Path) -> None:
    flow = workflow(tmp_path, steps(", min_success: 0, concurrency: 3"))
    progress, [last] = begun(flow, {"items": [{"id": number} for number in range(1_000)]})
    assert str(last.unit) == "last"
    assert (progress.outputs["parts"], len(progress.losses)) == ([], 1_000)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(0, 30),
    at_once=st.integers(1, 10),
    percent=st.integers(0, 100),
    lost=st.sets(st.integers(0, 29)),
    seed=st.integers(0, 99),
)
def test_every_item_is_begun_once_and_enough_must_succeed(
    tmp_path: Path, count: int, at_once: int, percent: int, lost: set[int], seed: int
) -> None:
    flow = workflow(tmp_path, steps(f", concurrency: {at_once}, min_success: {percent / 100}"))
    progress, todo = begun(flow, items(count))
    names = {f"k{number}" for number in lost if number < count}
    given_out = done(progress, todo, _lose(names), Random(seed))
    keys = [work.unit.item for work in given_out if work.unit.step == "parts"]
    assert len(keys) == len(set(keys))
    enough = 100 * (count - len(names)) >= percent * count
    assert ended(progress).status == ("ok" if enough else "failed")
    if enough:
        assert sorted(keys, key=str) == sorted((f"k{number}" for number in range(count)), key=str)
