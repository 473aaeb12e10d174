"""Checks of words that a text must have, or must not."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from headchef.checks.port import Check, Wrong

_Term = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
_Terms = Annotated[tuple[_Term, ...], Field(min_length=1, max_length=5_000)]

# Thai to Myanmar, Khmer, Chinese and Japanese, and Korean, whose particles stand at the word.
_WITHOUT_BLANKS = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1100, 0x11FF),
    (0x1780, 0x17FF),
    (0x2E80, 0x9FFF),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFFDC),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
"""Scripts in which a word may stand at another one; ranges of Unicode's blocks."""


class RequiredTerms(Check):
    """A text has all of some words or phrases, whatever their case."""

    terms: _Terms = Field(description="words or phrases, such as [free delivery]")

    def look(self, value: str) -> Iterator[Wrong]:
        """Search for each."""
        text = _plain(value)
        for term in self.terms:
            if not _has(text, _plain_term(term)):
                yield Wrong(f'must say "{term}"')


class BannedTerms(Check):
    """A text has none of some words or phrases, whatever their case."""

    terms: _Terms = Field(description="words or phrases, such as [guaranteed, risk free]")

    def look(self, value: str) -> Iterator[Wrong]:
        """Search for each."""
        text = _plain(value)
        for term in self.terms:
            if _has(text, _plain_term(term)):
                yield Wrong(f'must not say "{term}"')


def _plain(text: str) -> str:
    """Write a text so that what looks the same is the same: case, width, blanks, soft hyphens and apostrophes."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u00ad", "").replace("\u2019", "'")
    return " ".join(folded.split())


_plain_term = lru_cache(maxsize=20_000)(_plain)


def _has(text: str, term: str) -> bool:
    """Say whether a phrase stands in a text as words of its own."""
    at = text.find(term)
    while at >= 0:
        end = at + len(term)
        if not _joined(text[at - 1 : at], term[0]) and not _joined(term[-1], text[end : end + 1]):
            return True
        at = text.find(term, at + 1)
    return False


def _joined(before: str, after: str) -> bool:
    """Say whether two characters, of which one may be none, belong to one word."""
    return before.isalnum() and after.isalnum() and not (_stands_alone(before) or _stands_alone(after))


def _stands_alone(character: str) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in _WITHOUT_BLANKS)
