"""Words that a text must have or must not: as words of their own, whatever their case, width or typesetting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.checks.errors import BadCheck
from tests.checks.test_lengths_and_values import said
from tests.support.processor_time import within


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("The Best in town", "best"),
        ("best", "BEST"),
        ("A risk\u00a0free\n offer", "risk free"),
        ("It\u2019s guaran\u00adteed", "guaranteed"),
        ("It\u2019s", "it's"),
        ("\uff22\uff25\uff33\uff34", "best"),
        ("stra\u00dfe", "STRASSE"),
        ("the #1 choice", "#1"),
        ("(best)", "best"),
        ("\u6700\u9ad8\u306e\u54c1\u8cea", "\u6700\u9ad8"),
        ("\ucd5c\uace0\uc758", "\ucd5c\uace0"),
        ("bestial, but best", "best"),
    ],
)
def test_a_term_is_found(text: str, term: str) -> None:
    assert said(text, check="banned_terms", terms=["absent", term]) == [f'must not say "{term}"']
    assert said(text, check="required_terms", terms=[term]) == []


@pytest.mark.parametrize(
    ("text", "term"),
    [("bestial", "best"), ("the nebest", "best"), ("risk, free", "risk free"), ("", "best"), ("best2", "best")],
)
def test_a_part_of_a_word_is_no_term(text: str, term: str) -> None:
    assert said(text, check="banned_terms", terms=[term]) == []
    assert said(text, check="required_terms", terms=[term]) == [f'must say "{term}"']


@pytest.mark.parametrize("more", ["", " \u6700"])
def test_a_term_is_found_behind_any_number_of_words_that_it_is_a_part_of(more: str) -> None:
    text = "xab" * 1_000 + more
    assert said(text + " ab", check="banned_terms", terms=["ab"]) == ['must not say "ab"']
    assert said(text, check="banned_terms", terms=["ab", "\u6700b"]) == []
    assert said(text + "\u6700ab\u6700", check="required_terms", terms=["ab"]) == []


def test_many_terms_on_a_text_of_their_parts_are_looked_for_in_time() -> None:
    text, terms = "xab" * 20_000 + " ab", [f"{'ab' * number} cd" for number in range(1, 99)] + ["ab"] * 4_000
    for _ in within(5.0):
        assert len(said(text + " xcd", check="required_terms", terms=terms)) == 98


@pytest.mark.parametrize("term", ["\u00ad", "\u00ad\u00ad"])
def test_a_term_that_nobody_can_see_is_refused(term: str) -> None:
    with pytest.raises(BadCheck, match="has nothing that can be looked for"):
        said("text", check="banned_terms", terms=[term])


@given(st.lists(st.sampled_from(["red", "redder", "fed up", "up", "a-b"]), max_size=6))
def test_both_checks_agree_on_what_a_text_says(words: list[str]) -> None:
    text = ". ".join(words)
    for term in ("red", "up", "fed up"):
        banned = said(text, check="banned_terms", terms=[term])
        assert bool(banned) != bool(said(text, check="required_terms", terms=[term]))
        assert bool(banned) == any(term in (word, *word.split()) for word in words)


def test_a_long_row_of_marks_is_read_in_time() -> None:
    for _ in within(2.0):
        assert said("a" + "\u0316\u0300" * 100_000, check="banned_terms", terms=["bad"]) == []
