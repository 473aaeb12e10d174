"""A job on its way: what begins when, what is handed on, and what becomes of what is lost."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from headchef.sources.wanted import Wanted
from headchef.workflow.progress import Ask, Audit, Call, Came, Fetch, Lost, Outcome, Unit, Work
from tests.workflow.progress.jobs import JUDGE, begun, done, echoed, workflow

DOWN = Lost("timeout", "30 s")


def units(works: list[Work]) -> list[str]:
    return [str(work.unit) for work in works]


def test_steps_begin_when_what_they_read_is_there(tmp_path: Path) -> None:
    flow = workflow(
        tmp_path,
        """
  - {id: last, python: {call: f, with: {both: ["{{ steps.left }}", "{{ steps.right }}"]}}}
  - {id: left, llm: {text: "{{ first }} left", with: {first: "{{ steps.first }}"}}}
  - {id: right, llm: {text: "{{ first }} right", with: {first: "{{ steps.first }}"}}}
  - {id: first, llm: {text: "About {{ input.city }}"}}""",
    )
    progress, todo = begun(flow, {"city": "Ghent"})
    [first] = todo
    assert isinstance(first, Ask)
    assert first.prompt == "About Ghent"
    both = progress.ended(first.unit, Came("F"))
    assert sorted(units(both)) == ["left", "right"]
    assert progress.ended(both[0].unit, Came(1)) == []
    [last] = progress.ended(both[1].unit, Came(None))
    assert isinstance(last, Call)
    assert sorted(map(str, last.arguments["both"])) == ["1", "None"]
    assert progress.ending is None
    assert progress.ended(last.unit, Came({"a": 1})) == []
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.output) == ("ok", {"a": 1})


def test_what_is_told_twice_or_was_never_asked_changes_nothing(tmp_path: Path) -> None:
    flow = workflow(
        tmp_path, "  - {id: a, llm: {text: x}}\n  - {id: last, llm: {text: '{{ a }}', with: {a: '{{ steps.a }}'}}}"
    )
    progress, [first] = begun(flow)
    assert progress.ended(Unit("last"), Came("early")) == []
    assert units(progress.ended(first.unit, Came("A"))) == ["last"]
    assert progress.ended(first.unit, DOWN) == []
    assert progress.outputs == {"a": "A"}
    progress.ended(Unit("last"), Came("L"))
    assert progress.ended(Unit("last"), DOWN) == []
    assert progress.ending is not None
    assert progress.ending.status == "ok"


@pytest.mark.parametrize(("score", "asked"), [(84, True), (85, False)])
def test_a_step_whose_condition_does_not_hold_is_null(tmp_path: Path, score: int, asked: bool) -> None:
    flow = workflow(
        tmp_path,
        """
  - {id: mend, when: "{{ input.score < 85 }}", llm: {text: mend}}
  - {id: last, python: {call: f, with: {mended: "{{ steps.mend }}"}}}""",
    )
    progress, todo = begun(flow, {"score": score})
    given_out = done(progress, todo, echoed, Random(0))
    assert units(given_out) == (["mend", "last"] if asked else ["last"])
    assert progress.ending is not None
    assert progress.ending.output == {"called": "f", "mended": "mend" if asked else None}


@pytest.mark.parametrize(
    ("source", "message"),
    [("{{ input.n }}", "`when` must be true or false, and is integer"), ("{{ input.gone }}", "`gone` is not given")],
)
def test_a_condition_that_is_none_loses_its_step(tmp_path: Path, source: str, message: str) -> None:
    flow = workflow(tmp_path, f"  - {{id: last, when: '{source}', llm: {{text: x}}}}")
    progress, todo = begun(flow, {"n": 1})
    assert todo == []
    assert progress.ending is not None
    assert progress.ending.why is not None
    assert (progress.ending.status, progress.ending.failed, progress.ending.why.reason) == (
        "failed",
        Unit("last"),
        "template",
    )
    assert message in progress.ending.why.message


@pytest.mark.parametrize(
    ("on_error", "output"),
    [("drop", None), ("continue_with, continue_with: {n: '{{ input.n }}'}", {"n": 7})],
)
def test_a_lost_step_is_left_out_or_something_stands_in(tmp_path: Path, on_error: str, output: Any) -> None:
    flow = workflow(
        tmp_path,
        f"""
  - {{id: a, llm: {{text: x}}, on_error: {on_error}}}
  - {{id: last, python: {{call: f, with: {{a: "{{{{ steps.a }}}}"}}}}}}""",
    )
    progress, [first] = begun(flow, {"n": 7})
    [last] = progress.ended(first.unit, DOWN)
    assert isinstance(last, Call)
    assert last.arguments == {"a": output}
    progress.ended(last.unit, Came(1))
    assert progress.ending is not None
    assert progress.ending.status == "ok"
    assert [(each.check, each.path, each.message) for each in progress.ending.findings] == [
        ("timeout", "/steps/a", "30 s")
    ]


def test_a_lost_step_ends_the_job_and_nothing_begins_after_it(tmp_path: Path) -> None:
    flow = workflow(
        tmp_path,
        """
  - {id: a, llm: {text: x}}
  - {id: b, llm: {text: x}}
  - {id: c, llm: {text: "{{ b }}", with: {b: "{{ steps.b }}"}}}
  - {id: last, python: {call: f, with: {a: "{{ steps.a }}", c: "{{ steps.c }}"}}}""",
    )
    progress, todo = begun(flow)
    assert sorted(units(todo)) == ["a", "b"]
    assert progress.ended(Unit("a"), DOWN) == []
    assert progress.ending is not None
    assert (progress.ending.failed, progress.ending.why) == (Unit("a"), DOWN)
    assert set(progress.under_way) == {Unit("b")}
    assert progress.ended(Unit("b"), Came("B")) == []


def test_a_template_that_finds_nothing_loses_the_step_that_has_it(tmp_path: Path) -> None:
    flow = workflow(
        tmp_path,
        """
  - {id: a, llm: {text: x}, output: {schema: any.v1}}
  - {id: last, llm: {text: "{{ t }}", with: {t: "{{ steps.a.title }}"}}}""",
        schemas={"any.v1": {}},
    )
    progress, [first] = begun(flow)
    assert progress.ended(first.unit, Came({"titel": 1})) == []
    assert progress.ending is not None
    assert progress.ending.why is not None
    assert "`title` is not given; there is titel" in progress.ending.why.message


def test_the_output_of_a_function_is_held_against_its_schema_and_checks(tmp_path: Path) -> None:
    steps = """
  - id: last
    python: {call: f}
    output: {schema: page.v1}
    checks: [{check: chars, path: title, max: 3}]"""
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    flow = workflow(tmp_path, steps, schemas={"page.v1": schema})

    def lost(value: Any) -> Lost | None:
        progress, [call] = begun(flow)
        progress.ended(call.unit, Came(value))
        assert progress.ending is not None
        return progress.ending.why

    assert lost({"title": "abc"}) is None
    broken, long = lost({}), lost({"title": "abcd"})
    assert broken is not None
    assert long is not None
    assert (broken.reason, broken.findings[0].check) == ("rejected", "schema")
    assert (long.reason, long.findings[0].check, long.findings[0].path) == ("rejected", "chars", "/title")


def test_a_result_that_breaks_its_schema_is_rejected(tmp_path: Path) -> None:
    flow = workflow(
        tmp_path,
        "  - {id: last, python: {call: f}}",
        result="{{ steps.last }}', schema: 'page.v1",
        schemas={"page.v1": {"type": "string"}},
    )
    progress, [call] = begun(flow)
    progress.ended(call.unit, Came(5))
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.output) == ("rejected", 5)
    assert [each.check for each in progress.ending.findings] == ["schema"]


def test_an_audit_scores_what_its_rules_find(tmp_path: Path) -> None:
    flow = workflow(
        tmp_path,
        """
  - id: last
    audit:
      target: "{{ input.page }}"
      facts: "{{ input.facts }}"
      rules: [{check: grounded}, {check: chars, max: 100}, {check: banned_terms, terms: ["{{ input.banned }}"]}]""",
    )
    _, [audit] = begun(flow, {"page": "The best of 8.", "facts": {"n": 7}, "banned": "best"})
    assert isinstance(audit, Audit)
    found = JUDGE.audited(audit)
    assert found["score"] == 33.3
    assert [each["check"] for each in found["findings"]] == ["grounded", "banned_terms"]


def test_given_outputs_stand_in_for_steps_that_are_not_run(tmp_path: Path) -> None:
    flow = workflow(
        tmp_path,
        """
  - {id: facts, http: {get: "https://example.com", allow_hosts: [example.com]}}
  - {id: last, llm: {text: "{{ n }}", with: {n: "{{ steps.facts.n }}"}}}""",
    )
    _, [last] = begun(flow, None, facts={"n": 5})
    assert isinstance(last, Ask)
    assert last.prompt == "5"


def test_what_is_fetched_is_filled_in(tmp_path: Path) -> None:
    flow = workflow(
        tmp_path,
        """
  - id: last
    http: {get: "{{ input.url }}", allow_hosts: [a.example], as: text, max_kb: 2, timeout_s: 7}
    retry: {transport: 3}""",
    )
    _, [fetch] = begun(flow, {"url": "https://a.example/x"})
    assert isinstance(fetch, Fetch)
    assert fetch.wanted == Wanted("https://a.example/x", ("a.example",), "text", 2048, 7.0, 3)
    progress, todo = begun(flow, {"url": 5})
    assert todo == []
    assert progress.ending is not None
    assert progress.ending.why == Lost("template", "`get` must be an address, and is integer")


def test_what_a_model_is_asked_is_that_of_the_step_or_of_the_defaults(tmp_path: Path) -> None:
    flow = workflow(
        tmp_path,
        """
  - {id: a, llm: {text: x}}
  - {id: b, llm: {text: x, model: own}, cache: exact, retry: {validation: 5}}
  - {id: last, python: {call: f, with: {a: "{{ steps.a }}", b: "{{ steps.b }}"}}}""",
        more="defaults: {tier: small, cache: bypass, retry: {validation: 1}}",
    )
    _, todo = begun(flow)
    asks = {str(work.unit): work for work in todo if isinstance(work, Ask)}
    named = [{name: ask.fields().get(name) for name in ("model", "tier")} for ask in asks.values()]
    assert named == [{"model": None, "tier": "small"}, {"model": "own", "tier": None}]
    assert [(each.reuse, each.retry.validation) for each in asks.values()] == [(False, 1), (True, 5)]


def test_a_chain_of_steps_that_are_left_out_is_no_recursion(tmp_path: Path) -> None:
    steps = ["  - {id: s0, when: '{{ false }}', llm: {text: x}}"]
    steps += [
        f"  - {{id: s{n}, when: '{{{{ steps.s{n - 1} is not none }}}}', llm: {{text: x}}}}" for n in range(1, 199)
    ]
    steps.append("  - {id: last, python: {call: f, with: {a: '{{ steps.s198 }}'}}}")
    progress, todo = begun(workflow(tmp_path, "\n".join(steps)))
    assert units(todo) == ["last"]
    assert len(progress.outputs) == 199


def _fails_some(work: Work) -> Outcome:
    return DOWN if work.unit.step == "a" else echoed(work)


def test_the_order_in_which_outcomes_come_changes_nothing(tmp_path: Path) -> None:
    flow = workflow(
        tmp_path,
        """
  - {id: a, llm: {text: x}, on_error: drop}
  - {id: b, llm: {text: "b {{ a }}", with: {a: "{{ steps.a }}"}}}
  - id: c
    for_each: {in: "{{ input.items }}", as: it, concurrency: 2}
    llm: {text: "{{ it }}", with: {it: "{{ it }}"}}
  - {id: d, llm: {text: "{{ c }}", with: {c: "{{ steps.c }}"}}}
  - {id: last, python: {call: f, with: {b: "{{ steps.b }}", d: "{{ steps.d }}"}}}""",
    )
    endings = []
    for seed in range(50):
        progress, todo = begun(flow, {"items": list("abcde")})
        done(progress, todo, _fails_some, Random(seed))
        endings.append(progress.ending)
    assert endings[0] is not None
    assert endings[0].output == {"called": "f", "b": "b None", "d": '["a", "b", "c", "d", "e"]'}
    assert endings == [endings[0]] * 50
