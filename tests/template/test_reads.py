"""What a template reads: names and paths as far as they are written out, each with its line."""

import pytest

from headchef.template import Read, TemplateRefused, reads_of


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("no template", []),
        ("{{ input.city }}", [(1, "input", ("city",))]),
        ("a\n{{ input['city'][0].name }}", [(2, "input", ("city", 0, "name"))]),
        ("{{ steps.a.b | join(', ') }}{{ input.c }}", [(1, "steps", ("a", "b")), (1, "input", ("c",))]),
        ("{{ input.facts.items() }}", [(1, "input", ("facts",))]),
        ("{{ input.city.replace(input.old, 'x') }}", [(1, "input", ("city",)), (1, "input", ("old",))]),
        ("{{ input.rows[input.number].name }}", [(1, "input", ("rows",)), (1, "input", ("number",))]),
        ("{% for row in input.rows %}{{ row.name }}{{ loop.index }}{% endfor %}", [(1, "input", ("rows",))]),
        ("{% set x = input.a %}{{ x.b }}", [(1, "input", ("a",))]),
        ("{% if input.a is defined and range(3) %}{{ city }}{% endif %}", [(1, "input", ("a",)), (1, "city", ())]),
        ("{{ input.a | default(input.b) }}", [(1, "input", ("a",)), (1, "input", ("b",))]),
        ("{# {{ input.gone }} #}{% raw %}{{ input.raw }}{% endraw %}", []),
    ],
)
def test_what_is_read(source: str, reads: list[tuple[int, str, tuple[str | int, ...]]]) -> None:
    assert [(read.line, read.root, read.path) for read in reads_of(source).reads] == reads


@pytest.mark.parametrize(
    ("source", "is_value", "whole"),
    [
        ("{{ steps.a.b }}", True, Read(1, "steps", ("a", "b"))),
        ("{{ steps.a | length > 3 }}", True, None),
        ("{{ steps.a }} and more", False, None),
        ("{{ steps.a }}\n", False, None),
        ("{{ steps.a }}{{ steps.b }}", False, None),
        ("{% if steps.a %}{% endif %}", False, None),
        ("text", False, None),
        ("", False, None),
    ],
)
def test_a_template_of_one_slot_stands_for_a_value(source: str, is_value: bool, whole: Read | None) -> None:
    found = reads_of(source)
    assert (found.is_value, found.whole) == (is_value, whole)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a\n{{ input.", "line 2: "),
        ("{{ input.a | centre }}", "line 1: No filter named 'centre'"),
        ("{% include 'x' %}", "line 1: {% include %} is not supported in a prompt"),
        ("{% if 1 %}" * 300 + "{% endif %}" * 300, "nested too deeply"),
        ("{{a}}" * 6_001, "line 1: has 30,005 characters of slots and statements; at most 30,000 are compiled"),
        ("{{" + "a+" * 20_000, "line 1: has 40,002 characters of slots and statements"),
    ],
)
def test_what_is_no_template_is_refused_with_its_line(source: str, message: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        reads_of(source)
    assert str(refused.value).startswith(message)
