"""No pair of answers, however it is made, keeps a judge busy: the cache's other steps wait meanwhile."""

import json
from typing import Any

import pytest

from headchef.equality.port import MAX_CHARACTERS
from headchef.folding import folded
from tests.equality.comparing import opinion
from tests.support.processor_time import within

LONGEST_S = 1.0
"""Of the processor's time; on an idle machine the worst of these takes a tenth of it."""

_MARKS = "a" + "\u0316\u0300" * (MAX_CHARACTERS // 2 - 10)
_LISTS = [json.dumps([[number] * 5 for number in numbers]) for numbers in (range(1_000), range(1_000, 2_000))]
_TEXTS = [json.dumps([f"{word} {number} " * 20 for number in range(150)]) for word in ("one", "other")]
_DEEP = "[" * 60 + "1" * 1_000 + "]" * 60


@pytest.mark.parametrize(
    ("one", "other", "judge", "arguments"),
    [
        ("a b " * 12_000, "b a " * 12_000, "text", {}),
        ("a b " * 2_400, "b c a " * 1_600, "text", {"likeness": 0.99}),
        (" ".join(map(str, range(9_000))), " ".join(map(str, range(1, 9_001))), "text", {"likeness": 0.5}),
        (_MARKS, f"{_MARKS}\u0300", "text", {}),
        ("\ufdfa" * (MAX_CHARACTERS - 1), "\ufdfa" * MAX_CHARACTERS, "text", {}),
        (*_LISTS, "fields", {"lists": "sets"}),
        (*_TEXTS, "fields", {"lists": "sets", "likeness": 0.9}),
        ("{" * MAX_CHARACTERS, "[" * MAX_CHARACTERS, "fields", {}),
        (_DEEP, _DEEP.replace("1]", "2]"), "fields", {}),
        ("```" * 16_000, "``` " * 12_000, "fields", {}),
        ("'a" * 24_000, "a'" * 24_000, "text", {}),
    ],
    ids=[
        "words",
        "likeness",
        "numbers",
        "marks",
        "ligatures",
        "sets",
        "sets of texts",
        "open",
        "deep",
        "fences",
        "row",
    ],
)
async def test_it_takes_little_time(one: str, other: str, judge: str, arguments: dict[str, Any]) -> None:
    for _ in within(LONGEST_S):
        await opinion(one, other, judge, **arguments)


def test_a_long_row_of_marks_is_folded_in_time() -> None:
    for _ in within(LONGEST_S):
        folded("a" + "\u0316\u0300" * 250_000)


def test_marks_of_languages_are_folded_as_unicode_says() -> None:
    assert folded("E\u0301\u0323") == folded("E\u0323\u0301") == "\u1eb9\u0301"
    assert folded("\u1e9e \uff21") == "ss a"
    assert folded("!" * 40 + "\u2026" * 40) == "!" * 40 + "..." * 40
