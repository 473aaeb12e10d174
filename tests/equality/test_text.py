"""The judge of texts: what a reader takes for the same is, and one word or number more is not."""

import pytest

from headchef.equality import Different
from headchef.equality.wording import likeness, words_of
from tests.equality.comparing import opinion, same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("We open at 9:30.", "we open at 9:30"),
        ("Yes,  it is\nfree!", "Yes it is free."),
        ("**Bring** your _e-mail_.", "bring your e\u2010mail"),
        ("It\u2019s 20 % off", "It's 20% off"),
        ("\uff21\uff22\uff23 \ufb01ve", "ABC five"),
        ("Stra\u00dfe", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("\u201cA\u201d \u2013 b", '"a" b'),
        ("- one\n- two", "\u2022 one\n\u2022 two"),
    ],
)
async def test_case_blanks_and_punctuation_make_no_difference(one: str, other: str) -> None:
    assert await same(one, other, "text")


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("It is free", "It is not free", "one says 'free' where the other says 'not'"),
        ("for 1.5 h", "for 15 h", "one says '1.5' where the other says '15'"),
        ("-5 degrees", "5 degrees", "one says '-5' where the other says '5'"),
        ("costs $5", "costs \u20ac5", "one says '$' where the other says '\u20ac'"),
        ("20 %", "20", "one says '20' where the other says '20%'"),
        ("learn C", "learn C++", "one says 'c' where the other says 'c++'"),
        ("a < b", "a > b", "one says '<' where the other says '>'"),
        ("go now", "go", "one goes on with 'now'"),
        ("...", "go", "one has no words"),
        ("10:30", "10.30", "one says '10.30' where the other says '10:30'"),
    ],
)
async def test_a_word_more_or_another_number_does(one: str, other: str, why: str) -> None:
    assert await opinion(one, other, "text") == Different(why)
    assert await opinion(other, one, "text") == Different(why)


async def test_texts_may_be_alike() -> None:
    words = [f"word{'abcdefghijklmnopqrst'[number]}" for number in range(20)]
    other = [*words[:7], "swapped", *words[8:]]
    assert await same(" ".join(words), " ".join(other), "text", likeness=0.95)
    assert await opinion(" ".join(words), " ".join(other), "text", likeness=0.96) == Different(
        "their likeness is 0.950, and 0.96 is asked for"
    )


async def test_texts_that_are_alike_have_the_same_numbers() -> None:
    one = "The shop in the old town opens at 9 in the morning and closes late"
    assert await same(one, one.replace("late", "early"), "text", likeness=0.9)
    assert await opinion(one, one.replace("9", "8"), "text", likeness=0.1) == Different("only one has 8")


def test_likeness_counts_the_longest_row_of_words_that_both_have() -> None:
    assert likeness("abcd", "abcd") == 1
    assert likeness("abcd", "acd") == pytest.approx(6 / 7)
    assert likeness("dcba", "abcd") == 2 / 8
    assert likeness("aab", "aba") == pytest.approx(4 / 6)
    assert likeness("ab", "cd") == 0
    assert likeness("", "") == 1


def test_a_lone_mark_is_no_word() -> None:
    assert words_of("- a \u2013 b / c | d & e") == ("a", "b", "c", "d", "&", "e")
