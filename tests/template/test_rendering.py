"""Prompt templates: what they can do, how their errors read, and that none runs or grows without bound."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headchef.template import Renderer, TemplateRefused
from tests.support.processor_time import within

VALUES: dict[str, Any] = {
    "city": "Paris",
    "items": ["map", "guide"],
    "facts": {"river": "Seine", "bridges": 37},
    "rows": [{"name": "a", "price": 2}, {"name": "b", "price": 1}],
    "html": "<b>&</b>",
    "long": "a" * 50_000,
    "many": list(range(9_000)),
}


def render(source: str, values: dict[str, Any] | None = None) -> str:
    names = {"input": VALUES if values is None else values}
    return Renderer(max_templates=4, max_work=400_000).render(source, names).text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("no template", "no template"),
        ("{{ input.city }}\n", "Paris\n"),
        ("{{ input['city'] }}", "Paris"),
        ("{{ input.html }}", "<b>&</b>"),
        ("{{ input.items|join(', ') }}", "map, guide"),
        ("{{ input.items }}", '["map", "guide"]'),
        ("{{ input.facts|tojson }}", '{"river": "Seine", "bridges": 37}'),
        ("{% for k, v in input.facts.items() %}{{ k }}={{ v }};{% endfor %}", "river=Seine;bridges=37;"),
        ("{% for row in input.rows %}{{ loop.index }}{{ row.name }}{% endfor %}", "1a2b"),
        ("{{ input.rows|sort(attribute='price')|map(attribute='name')|join }}", "ba"),
        ("{{ input.rows|sum(attribute='price') }} {{ input.rows|length }}", "3 2"),
        ("{{ input.rows|selectattr('price', 'gt', 1)|map(attribute='name')|first }}", "a"),
        ("{% if input.city == 'Paris' and 'map' in input.items %}yes{% else %}no{% endif %}", "yes"),
        ("{{ input.country|default('France') }}", "France"),
        ("{{ 'x' if input.country is defined else 'y' }}", "y"),
        ("{{ input.city ~ '-' ~ 1 }}{{ 'a' + 'b' }}{{ 2 * 3 + 10 % 3 }}", "Paris-1ab7"),
        ("{{ input.items[:1]|first|upper }}", "MAP"),
        ("{{ input.city|replace('P', 'p')|title }}", "Paris"),
        ("{{ 2.345|round(2) }} {{ '7'|int + 1 }}", "2.35 8"),
        (
            "{% set n = namespace(t=0) %}{% for r in input.rows %}{% set n.t = n.t + r.price %}{% endfor %}{{ n.t }}",
            "3",
        ),
        ("{% raw %}{{ input.city }}{% endraw %}{# gone #}", "{{ input.city }}"),
    ],
)
def test_what_a_template_can_do(source: str, text: str) -> None:
    assert render(source) == text


def test_the_input_is_never_a_template() -> None:
    assert render("{{ input.a }}", {"a": "{{ 1 + 1 }}"}) == "{{ 1 + 1 }}"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ input.country }}", "line 1: `country` is not given; there is city, items"),
        ("a\n\n{{ input.facts.lake }}", "line 3: `lake` is not given; there is river, bridges"),
        ("{{ city }}", "line 1: `city` is not given; the values of a job's input are named `input.…`"),
        ("{{ input.city.name }}", "line 1: `name` is asked of text, which has no such field"),
        ("{{ input.items[7] }}", "line 1: `7` is asked of an array, which has no such field"),
        ("a\n{{ input.city", "line 2: unexpected end of template"),
        ("{% foo %}", "line 1: Encountered unknown tag 'foo'"),
        ("{{ input.city|centre(3) }}", "line 1: No filter named 'centre'"),
        ("\n{{ 1 / 0 }}", "line 2: ZeroDivisionError"),
        ("{{ input.city + 1 }}", "line 1: TypeError"),
        ("{% include 'x' %}", "line 1: {% include %} is not supported in a prompt"),
    ],
)
def test_errors_name_the_line_and_what_is_wrong(source: str, message: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        render(source)
    assert str(refused.value).startswith(message)


BOMBS = [
    "{{ 'a' * 1000000000 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ [0] * 1000000000 }}",
    "{% for i in range(1000000000) %}{% endfor %}",
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{% for i in range(9000) %}0123456789012345678901234567890123456789{% endfor %}{{ 'x' * 9 }}",
    "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x=9) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x|replace('b', n.x) %}{% endfor %}",
    "{% for i in range(9000) %}{% if 'b' in input.long %}{% endif %}{% endfor %}",
    "{% for i in range(9000) %}{% set x = input.many|sort %}{% endfor %}",
    "{% for i in range(9000) %}{% set x = input.many[:] %}{% endfor %}",
    "{% for i in range(9000) %}{% set x = input.long.upper() %}{% endfor %}",
    "{{ input.many|join(input.long) }}",
    "{{ input.long|replace('a', input.long) }}",
    "{{ 'a'|center(1000000000) }}",
    "{{ 'a'|indent(1000000000) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ 'a'.ljust(1000000000) }}",
    "{{ input.many|batch(1000000000, 0)|list }}",
    "{{ lipsum(1000000) }}",
    "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% for x in input.rows recursive %}{{ loop(input.rows) }}{% endfor %}",
    "{% for a in input.many %}" * 15 + "{% endfor %}" * 15,
    "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
    "{% if 1 %}" * 300 + "{% endif %}" * 300,
    "{{ ''.__class__.__mro__ }}",
    "{{ input.__class__ }}{{ 1 if }}",
    "{{ input.update(a=1) }}",
    "{{ input.items.append(1) }}",
]


@pytest.mark.parametrize("source", BOMBS)
def test_no_template_runs_or_grows_without_bound(source: str) -> None:
    for _ in within(2):
        with pytest.raises(TemplateRefused):
            render(source)


def test_compiled_templates_are_kept_within_a_bound() -> None:
    renderer = Renderer(max_templates=2, max_work=1_000)
    for n in (1, 2, 1, 3, 1, 2):
        assert renderer.render(f"{n}{{{{ input.a }}}}", {"input": {"a": "x"}}).text == f"{n}x"
    assert len(renderer) == 2


def test_each_rendering_has_the_whole_budget() -> None:
    renderer = Renderer(max_templates=2, max_work=1_000)
    for _ in range(10):
        assert len(renderer.render("{{ input.a }}", {"input": {"a": "x" * 400}}).text) == 400


# fmt: off
PIECES = st.sampled_from([
    "{{", "}}", "{%", "%}", "{#", "#}", "input", ".a", "['b']", "|join", "|tojson", "|sort", "(", ")", "[", "]", "1",
    "+", "*", "~", "for", "x", "in", "if", "else", "endif", "endfor", "set", "=", "'q'", ",", ".", "-", "is", "defined",
    "not", "range(", "loop.index", "raw", "endraw", "|", ":", "\n", "{{-",
])
# fmt: on


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=20).map(" ".join), st.dictionaries(st.sampled_from("ab"), st.integers() | st.text()))
def test_any_template_gives_text_or_a_refusal(source: str, values: dict[str, Any]) -> None:
    with suppress(TemplateRefused):
        assert isinstance(render(source, values), str)


@pytest.mark.parametrize(
    ("source", "static"),
    [
        ("no slot at all", "no slot at all"),
        ("About\n{{ input.city }}, the city", "About\n"),
        ("{{ input.city }} first", ""),
        ("{# a remark #}Über {# another #}{{ input.city }}", "Über "),
        ("{% set c = input.city %}As said: {{ c }}", "As said: "),
        ("Either {% if input.city %}one{% else %}other{% endif %}", "Either "),
        ("Each:{% for r in input.rows %} {{ r.name }}{% endfor %}", "Each:"),
        ("{% raw %}{{ braces }}{% endraw %} and {{ input.city }}", "{{ braces }} and "),
        ("trimmed   {{- input.city }}", "trimmed"),
        ("{{ 'a' }}b", ""),
    ],
)
def test_what_stands_before_the_first_slot_is_static(source: str, static: str) -> None:
    rendered = Renderer(max_templates=4, max_work=400_000).render(source, {"input": VALUES})
    assert rendered.text[: rendered.static_characters] == static


@settings(max_examples=300)
@given(
    st.lists(PIECES | st.sampled_from(["Write. ", "{{ input.a }}", "{% set x = input.b %}"]), max_size=12).map("".join),
    st.lists(st.dictionaries(st.sampled_from("ab"), st.integers() | st.text()), min_size=2, max_size=4),
)
def test_all_texts_of_a_template_begin_alike(source: str, jobs: list[dict[str, Any]]) -> None:
    renderer, found = Renderer(max_templates=4, max_work=400_000), []
    for values in jobs:
        with suppress(TemplateRefused):
            found.append(renderer.render(source, {"input": values}))
    assert len({rendered.static_characters for rendered in found}) <= 1
    assert len({rendered.text[: rendered.static_characters] for rendered in found}) <= 1
    assert all(rendered.static_characters <= len(rendered.text) for rendered in found)
