"""What a text may say, given its facts: no other number however it is written, and nobody's words but theirs."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.test_lengths_and_values import refused, said

FACTS = {
    "place": "Zürich",
    "population": 443037,
    "area_km2": 87.88,
    "share": 0.12,
    "founded": "15 BC",
    "quote": "The city of Zürich isn't the capital, and never was.",
    "phone": "+41 44 412 11 11",
    "opened": "2024-05-01",
    "rows": [{"n": 1500000}, {"n": -5}],
}


def grounded(text: Any, **more: Any) -> list[str]:
    return said(text, check="grounded", against=FACTS, **more)


@pytest.mark.parametrize(
    "text",
    [
        "Zürich has 443,037 people on 87.88 km².",
        "443.037 Einwohner auf 87,88 km²",
        "443 037 habitants, 443\u202f037, 443\u00a0037, 443'037 or 443\u2019037",
        "12 % or 12% or 12 percent of it, 0.12 of all",
        "4,43,037 as in India",
        "1.5 million, 1,500,000, 1500 thousand or 1500k",
        "It was -5 °C, five below: 5 degrees.",
        "Founded in 15BC, the 15th.",
        "Opened on 1 May 2024 (1.5.2024).",
        "1. First\n2) Second\n  13. Thirteenth",
        "An A4 sheet of H2O, version v1.2, CO2",
        '<h2 class="x9">87.88 km²</h2> &#39;443037&#39;',
        "Call +41 44 412 11 11.",
        "one, two and ninety-nine",
        "",
    ],
)
def test_a_number_of_the_facts_may_be_written_in_any_way(text: str) -> None:
    assert grounded(text) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("has 443,038 people", "443,038"),
        ("has 44,303 people", "44,303"),
        ("13 % of it", "13 %"),
        ("1.6 million", "1.6 million"),
        ("in 1990s style", "1990"),
        ("mid-1990", "1990"),
        ("a 5G net with 3D", "3"),
        ("between 15–16", "16"),
        ("costs $7", "7"),
        ("<b>99</b>", "99"),
        ("443 038", "443 038"),
        ("\uff19\uff19", "\uff19\uff19"),
    ],
)
def test_a_number_that_is_not_among_the_facts_is_named(text: str, number: str) -> None:
    assert grounded(text) == [f"the number {number} is not among the facts"]


def test_the_text_of_several_places_is_looked_at_and_each_place_named() -> None:
    output = {"claims": [{"text": "87.88 km²"}, {"text": "88 km²", "n": 7, "yes": True}], "other": "99"}
    assert said(output, check="grounded", path="claims", against=FACTS) == [
        "/claims/1/text the number 88 is not among the facts",
        "/claims/1/n the number 7 is not among the facts",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("about 440 thousand", ["440 thousand"]),
        ("about 443 thousand", []),
        ("some 88 km²", []),
        ("some 87.9 km²", []),
        ("some 87.8 km²", ["87.8"]),
        ("some 1.5 million", []),
    ],
)
def test_a_rounded_number_is_that_of_the_facts_at_its_own_precision(text: str, found: list[str]) -> None:
    assert grounded(text, numbers="rounded") == [f"the number {each} is not among the facts" for each in found]


@pytest.mark.parametrize(
    "text",
    [
        'They say "The city of Zürich isn\u2019t the capital, and never was."',
        "\u201cisn't the capital,\u201d they say",
        "\u201eThe city  of\nZürich\u201c",
        "\u00abthe capital, and never was\u00bb",
        'the so-called "greatest city"',
        "5'10\" tall and 6'2\" tall".replace("5", "15").replace("10", "15").replace("6", "15").replace("2", "15"),
    ],
)
def test_what_is_quoted_stands_in_the_facts(text: str) -> None:
    assert grounded(text) == []


@pytest.mark.parametrize(
    ("text", "quotation"),
    [
        ('"Zürich is the capital of all"', "Zürich is the capital of all"),
        ("\u201cthe city of Zürich isn't\u201d", "the city of Zürich isn't"),
        ("\u00bbnever was the capital\u00ab", "never was the capital"),
    ],
)
def test_other_words_in_quotation_marks_are_named(text: str, quotation: str) -> None:
    assert grounded(text) == [f'"{quotation}" is not, word for word, in the facts']
    assert grounded(text, quotes="any") == []


def test_a_text_of_nothing_but_quotations_is_told_how_many_are_looked_for() -> None:
    wrong = grounded(
        "".join(f"\u201cword word word{chr(97 + number % 26) * (number // 26)}\u201d" for number in range(1_500))
    )
    assert wrong[0] == "has 1,475 quotations; at most 1,000 are looked for in the facts"
    assert len(wrong) == 1 + 1_000


def test_nothing_may_be_quoted_across_two_facts() -> None:
    against = ["the first of all", "words are these"]
    assert said('"of all words are"', check="grounded", against=against) != []


def test_a_check_that_looks_at_nothing_is_refused() -> None:
    assert refused(check="grounded", against={}, numbers="any", quotes="any") == [
        ": with `numbers: any` and `quotes: any` nothing is looked at"
    ]
    assert refused(check="grounded") == ["against: is missing"]


numbers = st.integers(0, 10**9) | st.decimals(0, 10**6, places=2)


@given(numbers, numbers)
def test_only_the_number_itself_is_grounded(fact: Decimal | int, other: Decimal | int) -> None:
    def found(written: str) -> bool:
        return not said(f"It has {written} of them", check="grounded", against={"n": float(fact)})

    assert found(f"{fact}")
    assert found(f"{fact:,}")
    assert found(f"{fact:,}".translate(str.maketrans(",.", ".,")))
    if fact != other and "," not in f"{other:,}":
        assert not found(str(other))
