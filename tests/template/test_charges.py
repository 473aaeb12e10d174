"""What templates pay for: all that is compared, looked into or written, however deep, so that none has no end."""

from typing import Any

import pytest

from headchef.template import Renderer, TemplateRefused

TABLE = [[[*range(50)] for _ in range(20)] for _ in range(2)]
VALUES: dict[str, Any] = {
    "table": TABLE,
    "copy": [[list(row) for row in rows] for rows in TABLE],
    "texts": ["É" * 20_000, "É" * 19_999 + "E"],
    "letters": ["a"] * 900,
    "empty": [""] * 2_000,
    "path": ".".join(["0"] * 2_000),
    "numbers": {str(number): number for number in range(2_000)},
    "digits": "9" * 10_000,
    "number": int("9" * 4_000),
    "same_hash": [(2**61 - 1) * number for number in range(1, 500)],
    "long": "a" * 20_000,
    "ends": "b" * 9_999 + "a",
    "pair": {"k": "v"},
}


def render(source: str, max_work: int = 400_000) -> str:
    return Renderer(max_templates=4, max_work=max_work).render(source, {"input": VALUES}).text


def often(source: str, turns: int = 400) -> str:
    return f"{{% for i in range({turns}) %}}{source}{{% endfor %}}"


# All of these gave a text, or filled the memory, when only what is outermost was paid for.
HOSTILE = {
    "equal values": often("{% if input.table == input.copy %}{% endif %}"),
    "ordered values": often("{% if input.table < input.copy %}{% endif %}"),
    "a chain": often("{% if 0 < 1 != input.table <= input.copy %}{% endif %}"),
    "a value in an array": often("{% if input.table in [1] + input.copy %}{% endif %}"),
    "no value in an array": often("{% if input.table[0] not in input.copy[1:] %}{% endif %}"),
    "a test": often("{% if input.table is eq(input.copy) %}{% endif %}"),
    "a test of each": often("{% set x = input.table|select('eq', input.copy[0]) %}"),
    "a value in an object's": often("{% if 'x' in input.numbers.values() %}{% endif %}"),
    "sort": often("{% set x = input.table|sort %}"),
    "max": often("{% set x = input.table|max %}"),
    "unique": often("{% set x = input.texts|unique %}"),
    "dictsort": often("{% set x = {0}|dictsort(by='value') %}".replace("{0}", "input.numbers"), 30),
    "one hash for all": "{{ input.same_hash|unique|list|length }}",
    "a path for each": "{{ input.letters|map(attribute=input.path)|list|length }}",
    "a path to sort by": "{{ input.letters|sort(attribute=input.path)|length }}",
    "a path to select by": "{{ input.letters|selectattr(input.path)|list|length }}",
    "a long body": often("{% set x = i %}" * 400),
    "a long condition": "{% for i in range(900) if i in [" + ",".join(["i"] * 400) + "] %}{% endfor %}",
    "nothing joined": often("{% set x = input.empty|join %}"),
    "nothing changed": often("{% set x = input.empty|map('upper') %}", 50),
    "digits": often("{% set x = input.digits|int %}"),
    "digits rounded": often("{% set x = input.digits|round %}"),
    "a number written": often("{% set x = input.number|string %}"),
    "a number divided": often("{% set x = input.number // 7 %}"),
    "words": often("{% set x = input.table|wordcount %}"),
    "small letters": often("{% if input.table is lower %}{% endif %}"),
    "ends": "{% set x = input.long.strip(input.ends) %}",
    "ends of a text": "{% set x = input.long|trim(input.ends) %}",
    "arguments by name": often("{% set x = namespace(**input.numbers) %}"),
    "a format": "{% if '%1000000d' is odd %}{% endif %}",
    "another format": "{% if '%1000000d' is divisibleby(3) %}{% endif %}",
    "keys": often("{% set x = input.numbers.keys() - input.pair.keys() %}", 2),
    "a method of arrays": often("{% set x = input.table.index(input.copy[1]) %}", 2),
    "pairs that double": "{% set n = namespace(x=(input.pair|dictsort)[0]) %}"
    + often("{% set n.x = n.x + n.x %}", 16)
    + "{{ n.x|length }}",
    "remarks": "x{##}" * 10_000,
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_work_that_is_not_seen_from_outside_is_paid_for(source: str) -> None:
    with pytest.raises(TemplateRefused):
        render(source)


def test_what_stands_in_a_value_many_times_is_not_written_before_it_is_paid_for() -> None:
    doubled = often("{% set n.x = n.x + n.x %}", 12)
    with pytest.raises(TemplateRefused, match="does too much"):
        render("{% set n = namespace(x=input.table) %}" + doubled + "{{ n.x|tojson }}")
    with pytest.raises(TemplateRefused, match="`this` is not given; there is"):
        render("{% set n = namespace(x=input.table) %}" + doubled + "{{ input[n.x] }}")


@pytest.mark.parametrize("use", ["{{ n.x|upper }}", "{{ input[n.x] }}", "{{ [1]|map(n.x)|list }}"])
def test_a_namespace_is_never_written_out(use: str) -> None:
    nested = often("{% set n.x = namespace(l=[n.x, n.x]) %}", 12)
    with pytest.raises(TemplateRefused) as refused:
        render("{% set n = namespace(x=1) %}" + nested + use)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ input.table == [] }}", "False"),
        ("{{ input.table == 'a' }}", "False"),
        ("{{ 'k' in input.numbers }}", "False"),
        ("{{ input.table|length }}", "2"),
    ],
)
def test_what_is_not_looked_at_costs_nothing(source: str, text: str) -> None:
    assert render(source, max_work=2_500) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 3 > 2 in [2] }} {{ 1 not in [2] == [2] }}", "True False True True"),
        ("{{ [2, 1, 2]|unique|join }} {{ ['a', 'A']|unique|join }} {{ ['a', 'A']|unique(true)|join }}", "21 a aA"),
        ("{{ [2, 3, 1]|max }} {{ [2, 3, 1]|min }} {{ ['b', 'A']|min }} {{ ['b', 'A']|max }}", "3 1 A b"),
        ("{{ ['b', 'C', 'a']|sort|join }} {{ ['b', 'C', 'a']|sort(true, true)|join }}", "abC baC"),
        ("{{ rows|sort(attribute='a,b')|map(attribute='b')|join }}", "123"),
        ("{{ (rows|max(attribute='b')).b }} {{ rows|unique(attribute='a')|map(attribute='b')|join }}", "3 31"),
        ("{{ rows|map(attribute='c', default='?')|join }} {{ rows|selectattr('a', 'gt', 1)|list|length }}", "??? 2"),
        ("{{ {0}|dictsort|map('first')|join }} {{ {0}|dictsort(by='value')|map('last')|join }}", "Ab 12"),
        ("{{ {0}|dictsort(reverse=true)|map('first')|join }}", "bA"),
        ("{{ '  a '|trim }}{{ 'xax'|trim('x') }}{{ 'xax'.strip('x') }} {{ ['a', 'b c']|wordcount }}", "aaa 3"),
        ("{{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 'a' is lower }} {{ ['A']|lower }}", 'True True True ["a"]'),
        ("{{ [1]|map('string')|join }} {{ [1, 2]|select('in', [2])|join }} {{ 7 // 2 - 1 / 2 }}", "1 2 2.5"),
        ("{{ []|max is undefined }}", "True"),
    ],
)
def test_what_is_compared_comes_out_as_it_does_in_jinja(source: str, text: str) -> None:
    rows = [{"a": 2, "b": 3}, {"a": 1, "b": 1}, {"a": 2, "b": 2}]
    names = {"rows": rows, "object": {"b": 1, "A": 2}}
    renderer = Renderer(max_templates=1, max_work=10_000)
    assert renderer.render(source.replace("{0}", "object"), names).text == text
