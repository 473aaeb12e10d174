"""Workflow files: what can be used is loaded with all that it names, and every fault is named with its place."""

from pathlib import Path

import pytest

from headchef.workflow import Workflow, load
from tests.workflow.files import FILE, LANDING, changed, faults


@pytest.fixture
def landing() -> Workflow:
    return load(LANDING / FILE)


def test_steps_wait_for_what_they_read(landing: Workflow) -> None:
    assert landing.needs["facts"] == frozenset()
    assert landing.needs["sections"] == {"outline", "facts"}
    assert landing.needs["final"] == {"page", "geo"}
    order = list(landing.steps)
    assert all(order.index(need) < order.index(step) for step in order for need in landing.needs[step])


def test_all_that_is_named_is_there(landing: Workflow) -> None:
    assert set(landing.prompts) == {
        "prompts/outline.j2@4",
        "prompts/section.j2@7",
        "prompts/meta.j2@2",
        "prompts/geo.j2@5",
    }
    assert landing.prompts["prompts/section.j2@7"].startswith('Write the section "')
    assert landing.schemas["page.v3"]["required"] == ["title", "description", "html", "jsonld"]


def test_a_single_prompt_is_five_lines_and_one_step(tmp_path: Path) -> None:
    path = changed(tmp_path)
    path.write_text("workflow: describe\nversion: 1\nprompt: prompts/describe.j2@1\noutput: {schema: meta.v1}\n")
    (tmp_path / "prompts/describe.j2").write_text("{# version: 1 #}\nDescribe {{ input.name }}.\n")
    workflow = load(path)
    assert list(workflow.steps) == ["main"]
    assert workflow.prompts == {"prompts/describe.j2@1": "Describe {{ input.name }}.\n"}
    assert workflow.result.value == "{{ steps.main }}"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("version: 3", "version: three", ["2:1: version: Input should be a valid integer"]),
        ("tier: small", "teir: small", ["4:12: defaults.teir: unknown field; did you mean tier?"]),
        ("tier: small", "tier: small, model: own", ["4:1: defaults: give `model` or `tier`, not both"]),
        (
            "llm: {tier: medium, prompt: prompts/o",
            "llm: {tier: medium, model: own, prompt: prompts/o",
            ["11:5: steps.1.llm: give `model` or `tier`, not both"],
        ),
        ("usd: 0.15", "usd: -1", ["5:10: budget.usd: Input should be greater than 0"]),
        ("id: outline", "id: Outline", ["10:5: steps.1.id: String should match"]),
        ("    output: {schema: outline.v1}", "    output: {schema: outline}", ["12:14: steps.1.output.schema: String"]),
        ("prompts/outline.j2@4", "prompts/outline.j2", ["11:25: steps.1.llm.prompt: String should match"]),
        (
            "    llm: {tier: medium, prompt: prompts/outline",
            "    http: {get: x, allow_hosts: [a]}\n    llm: {tier: medium, prompt: prompts/outline",
            ["10:5: steps.1: has llm and http; a step has one of llm, http, python, retrieve, audit, human"],
        ),
        (
            "    python: {call: content.apply",
            "    cache: bypass\n    pyhton: {call: content.apply",
            ["38:5: steps.7.pyhton: unknown field; did you mean python?"],
        ),
        (
            "allow_hosts: [pim.example.com]",
            'allow_hosts: ["https://pim.example.com"]',
            ["8:42: steps.0.http.allow_hosts: 'https://pim.example.com' is no host; leave scheme, path and"],
        ),
        (
            'get: "{{ input.facts_url }}"',
            "get: https://pim.example.org/facts",
            ["8:12: steps.0.http.get: pim.example.org is not in `allow_hosts`; name it there"],
        ),
        ("prompt: prompts/meta.j2@2", "text: x, prompt: prompts/meta.j2@2", ["20:5: steps.3.llm: give the prompt as"]),
        ("result: {", "prompt: prompts/meta.j2@2\nresult: {", ["1:1: `prompt` is one call, without `result`"]),
        (
            "usd: 0.15, tokens: 60000, seconds: 300, on_exceed: fail",
            "tokens: 60000, on_exceed: finish_cheaper",
            ["5:25: budget.on_exceed: finish_cheaper needs `usd` beside it: a cheaper model takes"],
        ),
        ("on_exceed: fail}", "on_exceed: fail}\nversion: 4", ["6:1: version: given twice, first on line 2; keep one"]),
    ],
)
def test_a_field_that_is_wrong_is_named(tmp_path: Path, old: str, new: str, found: list[str]) -> None:
    got = faults(changed(tmp_path, (old, new)))
    assert [each.startswith(f"{FILE}:{said}") for each, said in zip(got, found, strict=True)] == [True] * len(found), (
        got
    )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            '{facts: "{{ steps.facts }}"}}\n    output: {schema: outline',
            '{facts: "{{ steps.fact }}"}}\n    output: {schema: outline',
            ["11:62: steps.1.llm.with.facts: there is no step 'fact'; did you mean facts?"],
        ),
        (
            "steps.outline.sections",
            "steps.outline.section",
            ["15:16: steps.2.for_each.in: steps.outline cannot have 'section'; did you mean sections?"],
        ),
        ("steps.outline.sections", "steps.outline", ["15:16: steps.2.for_each.in: is object, and a list is wanted"]),
        (
            '"{{ steps.outline.sections }}"',
            '"{{ steps.outline.sections }} x"',
            ["15:16: steps.2.for_each.in: must be one {{ … }} and nothing else, which stands for a list"],
        ),
        ("key: id", "key: slug", ["15:65: steps.2.for_each.key: an item cannot have 'slug'; there is id, title"]),
        (
            "{{ section }}",
            "{{ sektion }}",
            ["16:48: steps.2.llm.with.section: 'sektion' is not known here; did you mean section?"],
        ),
        (
            "{{ steps.audit.score < 85 }}",
            "{{ steps.audit.scores < 85 }}",
            ["32:5: steps.6.when: steps.audit cannot have 'scores'; did you mean score?"],
        ),
        (
            "{{ steps.audit.score < 85 }}",
            "{{ steps }}",
            ["26:5: steps.5.id: nothing uses steps.audit", "32:5: steps.6.when: 'steps' alone says nothing"],
        ),
        (
            "{{ steps.audit.score < 85 }}",
            "{{ steps.audit.score <",
            ["26:5: steps.5.id: nothing uses steps.audit", "32:5: steps.6.when: line 1: "],
        ),
        (
            "{{ input.facts_url }}",
            "{{ input.url }}",
            ["8:12: steps.0.http.get: input cannot have 'url'; there is service, place, locale, facts_url"],
        ),
        (
            "[service, place, locale]",
            "[service, town]",
            ["3:55: input.identity.1: input cannot have 'town'; there is service, place, locale, facts_url"],
        ),
        (
            "{{ steps.final }}",
            "{{ steps.page }}",
            [
                "26:5: steps.5.id: nothing uses steps.audit",
                "31:5: steps.6.id: nothing uses steps.geo",
                "36:5: steps.7.id: nothing uses steps.final",
            ],
        ),
        (
            "{{ steps.facts }}",
            "{{ steps.final }}",
            [
                "10:5: steps.1: waits for itself: outline needs final needs page needs sections needs outline",
                "prompts/outline.j2:4: facts cannot have 'facts'",
            ],
        ),
        ("- id: meta", "- id: outline", ["19:5: steps.3.id: 'outline' is the id of another step too, on line 10"]),
        (
            "patch: ",
            "patch: [{deep: '{{ steps.goe }}'}], other: ",
            ["37:89: steps.7.python.with.patch.0.deep: there is no step 'goe'; did you mean geo?"],
        ),
        (
            "path: title, min: 30",
            "path: titel, min: 30",
            ["22:29: steps.3.checks.0.path: leads nowhere: the output cannot have 'titel'; did you mean title?"],
        ),
        ("path: sections, min: 3", "path: sections, min: 9", ["13:14: steps.1.checks.0: `min` is 9 and `max` 7"]),
        (
            "check: array_len",
            "check: array_len, of: 5",
            ["13:33: steps.1.checks.0.of: unknown field; known are min, max"],
        ),
        (
            "check: array_len",
            "check: arraylen",
            ["13:15: steps.1.checks.0.check: there is no check 'arraylen'; did you"],
        ),
        (
            "path: sections, min: 3",
            "path: 'sections[].title', min: 3",
            ["13:33: steps.1.checks.0.path: is string, and array_len looks at array"],
        ),
        (
            "rules: [{check: grounded, path: html}",
            "rules: [{check: grounded, path: title, numbers: exact}",
            ["30:46: steps.5.audit.rules.0.numbers: Input should be 'strict', 'rounded' or 'any'"],
        ),
        (
            '      facts: "{{ steps.facts }}"\n',
            "",
            ["29:15: steps.5.audit.rules.0.against: is missing (expected: the facts"],
        ),
        ("j2@7", "j2@8", ["prompts/section.j2:1: is version 7, and the workflow names prompts/section.j2@8"]),
        ("prompts/section.j2@7", "../section.j2@7", ["16:11: steps.2.llm.prompt: "]),
        ("prompts/section.j2@7", "prompts/sections.j2@7", ["16:11: steps.2.llm.prompt: "]),
        ("schema: section.v1", "schema: section.v2", ["17:14: steps.2.output.schema: "]),
    ],
)
def test_what_does_not_fit_together_is_named(tmp_path: Path, old: str, new: str, found: list[str]) -> None:
    got = faults(changed(tmp_path, (old, new)))
    starts = [said if said.startswith("prompts/") else f"{FILE}:{said}" for said in found]
    assert [each[: len(start)] for each, start in zip(got, starts, strict=True)] == starts, got


def test_all_faults_are_named_at_once_in_their_order(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ("steps.outline.sections", "steps.outline.section"),
        ("{{ steps.outline }}", "{{ steps.outlines }}"),
        ("schema: meta.v1", "schema: meta.v7"),
    )
    assert [each.split(": ")[1] for each in faults(path)] == [
        "steps.2.for_each.in",
        "steps.3.llm.with.outline",
        "steps.3.output.schema",
    ]
