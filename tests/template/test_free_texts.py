"""Free texts in templates: what may be done with them, and that what stands around them is told apart from them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.template import Renderer, TemplateRefused, in_pieces, misuse_of, reads_of, value_at, writes

QUESTION = ("input", "question")
WORDS = ("input", "customer", "words")
NAMES: dict[str, Any] = {
    "input": {
        "question": "How much?",
        "city": "Bern",
        "customer": {"name": "Ada", "words": "No more soup"},
        "rows": [{"text": "first"}, {"text": "second"}],
    }
}


@pytest.mark.parametrize(
    "source",
    [
        "{{ input.question }}",
        "{{ input['question'] }} in {{ input.city | upper }}",
        "{% if input.city == 'Bern' %}{{ input.question }}{% else %}{{- input.question -}}{% endif %}",
        "{% for row in input.rows if row.text %}{{ row.text }}: {{ input.question }}{% else %}{% endfor %}",
        "{% set city = input.city %}{{ city }}{{ input.customer.name }}{{ input.question }}",
        "{# {{ input.question | upper }} #}{{ input.question }}",
    ],
)
def test_a_free_text_may_be_written(source: str) -> None:
    assert misuse_of(QUESTION, reads_of(source)) is None
    assert writes(QUESTION, reads_of(source))


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("{{ input.question | upper }}", 1, "does more with the free text `input.question` than to write it"),
        ("a\n{{ input.question.upper() }}", 2, "than to write it"),
        ("{{ input.question[0] }}", 1, "than to write it"),
        ("{{ input.question ~ '?' }}", 1, "than to write it"),
        ("{{ input.question if 1 }}", 1, "than to write it"),
        ("{{ 'long' if input.question | length > 9 }}", 1, "than to write it"),
        ("{{ input.question }}{% if 'soup' in input.question %}soup{% endif %}", 1, "than to write it"),
        ("{% if 1 %}{% elif input.question %}x{% endif %}", 1, "than to write it"),
        ("{% for each in input.question %}x{% endfor %}", 1, "than to write it"),
        ("{% for each in input.rows if input.question %}x{% endfor %}", 1, "than to write it"),
        ("{% set q = input.question %}{{ q }}", 1, "than to write it"),
        ("{% with q = input.question %}{{ q }}{% endwith %}", 1, "than to write it"),
        ("{% autoescape true %}{{ input.question }}{% endautoescape %}", 1, "than to write it"),
        ("{{ input }}", 1, "reads `input` as a whole, with the free text `input.question` in it"),
        ("{{ input | tojson }}", 1, "as a whole"),
        ("{% for name in input %}{{ input[name] }}{% endfor %}", 1, "as a whole"),
        ("{{ input.get('question') }}", 1, "as a whole"),
        ("{{ input['ques' + 'tion'] }}", 1, "as a whole"),
        ("{% set all = namespace(of=input) %}{{ all.of.question }}", 1, "as a whole"),
    ],
)
def test_nothing_else_may_be_done_with_it(source: str, line: int, message: str) -> None:
    misuse = misuse_of(QUESTION, reads_of(source))
    assert misuse is not None
    assert misuse.line == line
    assert message in misuse.message


def test_a_field_within_an_object_is_a_free_text_and_the_rest_of_the_object_is_not() -> None:
    assert misuse_of(WORDS, reads_of("{{ input.customer.name }}: {{ input.customer.words }}")) is None
    misuse = misuse_of(WORDS, reads_of("{{ input.customer | tojson }}"))
    assert misuse is not None
    assert "reads `input.customer` as a whole" in misuse.message


def pieces(source: str, names: dict[str, Any] | None = None, **free: tuple[str, ...]) -> tuple[str, ...]:
    renderer, values = Renderer(max_templates=8, max_work=100_000), names or NAMES
    return in_pieces(source, values, free, renderer, renderer.render(source, values).text)


def test_a_text_is_told_in_pieces() -> None:
    source = "{{ input.city }}: {{ input.question }} {{ input.customer.words }}{{ input.question }}"
    expected = ("Bern: ", "question", " ", "words", "", "question", "")
    assert pieces(source, question=QUESTION, words=WORDS) == expected
    assert pieces("{{ input.rows.1.text }}", text=("input", "rows", "1", "text")) == ("", "text", "")
    assert pieces("{% if input.city == 'x' %}{{ input.question }}{% endif %}.", question=QUESTION) == (".",)


@pytest.mark.parametrize(
    "source",
    [
        "{{ input.question | upper }}",
        "{{ input.question }}{% if 'much' in input.question %}Name a price.{% endif %}",
        "{% autoescape true %}{{ input.question }}{% endautoescape %}",
        "{{ input | tojson }}",
    ],
)
def test_a_text_that_depends_on_a_free_text_has_no_pieces(source: str) -> None:
    """Whatever the look at the template may have missed."""
    names = {"input": {"question": 'How much is <this> "soup"?'}}
    with pytest.raises(TemplateRefused, match=r"depends on the wording of a free text \(input.question\)"):
        pieces(source, names, question=QUESTION)


@given(st.text(max_size=5), st.text(max_size=5))
def test_pieces_hold_whatever_the_values_are(city: str, question: str) -> None:
    values = {"input": {"city": city, "question": question}}
    found = pieces("{{ input.city }}{{ input.question }}", values, question=QUESTION)
    assert found == (city, "question", "")


def test_there_is_nothing_where_there_is_no_field() -> None:
    assert value_at(("input", "rows", "1", "text"), NAMES) == "second"
    for place in (("input", "gone"), ("input", "rows", "2"), ("input", "rows", "x"), ("input", "city", "0")):
        with pytest.raises(LookupError):
            value_at(place, NAMES)
