"""What a template stands for: a value of any kind where it is one slot and nothing else, or text."""

from typing import Any

import pytest

from headchef.template import Renderer, TemplateRefused

NAMES = {"input": {"facts": {"n": 1, "rows": [{"a": 1}, {"a": 2}]}, "city": "Zürich", "no": None, "yes": True}}


@pytest.fixture
def renderer() -> Renderer:
    return Renderer(max_templates=2, max_work=10_000)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{{ input.facts }}", NAMES["input"]["facts"]),
        ("{{ input.facts.rows[1] }}", {"a": 2}),
        ("{{ input.facts.n + 1 }}", 2),
        ("{{ input.no }}", None),
        ("{{ input.yes and input.facts.n > 0 }}", True),
        ("{{ input.city }}", "Zürich"),
        ("{{ input.gone | default([1, 2]) }}", [1, 2]),
        ("{{ input.facts.rows | map(attribute='a') | list }}", [1, 2]),
        ("{{ input.facts.items() }}", [["n", 1], ["rows", [{"a": 1}, {"a": 2}]]]),
        ("{{ range(3) }}", [0, 1, 2]),
        ("{{ input.city }}!", "Zürich!"),
        (" {{ input.facts.n }}", " 1"),
        ("{{ input.facts.n }}{{ input.facts.n }}", "11"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_one_slot_stands_for_its_value(renderer: Renderer, source: str, value: Any) -> None:
    assert renderer.value(source, NAMES) == value
    assert renderer.value(source, NAMES) == value, "compiled before"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ input.gone }}", "`gone` is not given; there is facts, city, no, yes"),
        ("{{ inputs }}", "`inputs` is not given"),
        ("{{ input.facts.rows[7] }}", "`7` is asked of an array"),
        ("{{ input.city.upper }}", "stands for nothing that JSON knows"),
        ("{{ input.city", "line 1: "),
        ("{{ input.facts.n / 0 }}", "ZeroDivisionError"),
        ("{{ range(9000) }}", "the template does too much"),
        ("{% include 'x' %}", "is not supported"),
    ],
)
def test_what_stands_for_nothing_is_refused(renderer: Renderer, source: str, message: str) -> None:
    with pytest.raises(TemplateRefused, match=message.replace("(", r"\(")):
        renderer.value(source, NAMES)


def test_only_so_many_compiled_ones_are_kept(renderer: Renderer) -> None:
    for number in range(10):
        assert renderer.value(f"{{{{ {number} }}}}", {}) == number
    assert len(renderer) == 2


def test_a_budget_is_for_each_value(renderer: Renderer) -> None:
    for _ in range(20):
        assert len(renderer.value("{{ range(2000) }}", {})) == 2000
