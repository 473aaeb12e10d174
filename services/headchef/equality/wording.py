"""The words of a text as a reader takes them, and how much two rows of words have in common."""

import re
from collections.abc import Sequence
from functools import lru_cache

from headchef.folding import folded

MAX_WORDS = 5_000
"""Of each text whose likeness is measured, which takes time by the product of both: some milliseconds for so many."""

_MOST_CHARACTERS = 100_000
"""Of a folded text: there are ligatures that become 18 characters. A longer one is taken apart at its blanks alone."""

_ALIKE = str.maketrans(
    {
        "\u00ad": None,  # a soft hyphen
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    }
)
# What stands within a word or number belongs to it (1.5, don't, 10:30, e-mail), as does what says what it is (-5, 20 %,
# C++, C#). Other punctuation is the typesetter's; other signs, such as $ or <, are words of their own.
_WORD = re.compile(
    r"(?:(?<![^\W_])[-+](?=\d))?[^\W_]+(?:['_.,:/@&+-][^\W_]+)*(?:[+#]+|\s?[%\u2030\u00b0]+)?"
    r"|[^\w\s.,;:!\"'()\[\]{}*`~#\u2026\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u2022\u00b7\\/|-]"
)
_DIGIT = re.compile(r"\d")
Words = tuple[str, ...]


@lru_cache(maxsize=64)
def words_of(text: str) -> Words:
    """Give the words of a text, without regard to case, blanks, and punctuation between words.

    Args:
        text: plain text or Markdown.
    """
    plain = folded(text)
    if len(plain) > _MOST_CHARACTERS:
        return tuple(plain.split())
    found = _WORD.findall(plain.translate(_ALIKE))
    return tuple(word if word.isalnum() else "".join(word.split()) for word in found)


def numbers_of(words: Words) -> frozenset[str]:
    """Give the words that have digits in them."""
    return frozenset(word for word in words if _DIGIT.search(word))


def likeness(one: Sequence[str], other: Sequence[str]) -> float:
    """Say how much two rows of words have in common: twice the words that stand in both in one order, of all words.

    A word in a row of 20 that is another one makes 0.95; two rows with nothing in common have 0.

    Args:
        one: at most `MAX_WORDS`.
        other: likewise.
    """
    if not one and not other:
        return 1.0
    return 2 * _longest_common(one, other) / (len(one) + len(other))


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the words of the longest common subsequence, a row of the usual table at once in the bits of a number.

    After L. Allison and T. I. Dix (1986) in the form of H. Hyyrö (2004): a bit is 0 where the table steps up.
    """
    places: dict[str, int] = {}
    for number, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << number
    every = (1 << len(one)) - 1
    row = every
    for word in other:
        if common := row & places.get(word, 0):
            row = ((row + common) | (row - common)) & every
    return len(one) - row.bit_count()
