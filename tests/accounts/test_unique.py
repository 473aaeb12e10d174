"""When two values are the same, and that each has an account of its own."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headchef.unique import account_of, compared, parts_of

words = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)
blanks = st.text(" \t\n\r\u00a0\u2003", min_size=1)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1)


@given(st.text(st.characters(codec="utf-8")))
def test_what_is_compared_is_compared_by_itself(value: str) -> None:
    assert compared(compared(value)) == compared(value)


@given(st.text(st.characters(codec="utf-8")) | st.text("aAαΑ\u0345\u0301\u0308\u0327éΐ"))
def test_how_unicode_writes_a_letter_does_not_count(value: str) -> None:
    assert compared(unicodedata.normalize("NFC", value)) == compared(unicodedata.normalize("NFD", value))


@given(st.text(st.characters(codec="utf-8")))
def test_case_does_not_count(value: str) -> None:
    assert compared(value.casefold()) == compared(value)


@given(st.lists(words, min_size=1), blanks, st.text(" \t\n"), st.text(" \t\n"))
def test_white_space_at_the_ends_and_how_much_of_it_do_not_count(
    several: list[str], blank: str, before: str, after: str
) -> None:
    assert compared(before + blank.join(several) + after) == compared(" ".join(several))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Best of Ghent", "  best  OF\tghent "),
        ("Straße", "STRASSE"),
        ("Caf\u00e9", "Cafe\u0301"),
        ("ΟΔΟΣ", "οδος"),
        ("\u0390", "\u1fd3"),
        ("\ufb03", "ffi"),
        ("\u03b1\u0345\u0301", "\u03b1\u0301\u0345"),
    ],
)
def test_these_are_the_same(one: str, other: str) -> None:
    assert compared(one) == compared(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Best of Ghent", "Best of Ghent!"), ("Ghent", "Gh ent"), ("resume", "résumé"), ("1", "１"), ("slug-1", "slug_1")],
)
def test_these_are_not(one: str, other: str) -> None:
    assert compared(one) != compared(other)


@given(names, names, words)
def test_an_account_says_whose_it_is(tenant: str, site: str, value: str) -> None:
    assert parts_of(account_of(tenant, site, "title", value)) == (tenant, site, "title", compared(value))


@given(st.tuples(names, names, words), st.tuples(names, names, words))
def test_two_values_have_one_account_only_if_they_are_the_same(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assume((*one[:2], compared(one[2])) != (*other[:2], compared(other[2])))
    accounts = [account_of(tenant, site, "title", value) for tenant, site, value in (one, other)]
    assert accounts[0] != accounts[1]


def test_an_account_can_be_read_and_typed() -> None:
    assert (
        account_of("acme", "ghent.example/shop", "title", " Cafe\u0301 ") == "acme/ghent.example%2Fshop/title/caf\u00e9"
    )
