"""Checks of words that a text must have, or must not."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from headchef.checks.port import Check, Wrong
from headchef.folding import folded


def _visible(term: str) -> str:
    if not _plain(term):
        raise ValueError("has nothing that can be looked for")
    return term


_Terms = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S"), AfterValidator(_visible)], ...],
    Field(min_length=1, max_length=5_000),
]
_WORD = re.compile(r"[^\W_]+")

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

_JOINING = f"(?![{''.join(f'{chr(first)}-{chr(last)}' for first, last in _WITHOUT_BLANKS)}])[^\\W_]"
"""One character of a word that does not stand alone."""

_TRIES = 100
"""Places of a term that are looked at one by one: a text may be made of nothing but words that a term is a part of."""


class RequiredTerms(Check):
    """A text has all of some words or phrases, whatever their case."""

    terms: _Terms = Field(description="words or phrases, such as [free delivery]")

    def look(self, value: str) -> Iterator[Wrong]:
        """Search for each."""
        text = _Text(value)
        for term in dict.fromkeys(self.terms):
            if not text.has(_term(term)):
                yield Wrong(f'must say "{term}"')


class BannedTerms(Check):
    """A text has none of some words or phrases, whatever their case."""

    terms: _Terms = Field(description="words or phrases, such as [guaranteed, risk free]")

    def look(self, value: str) -> Iterator[Wrong]:
        """Search for each."""
        text = _Text(value)
        for term in dict.fromkeys(self.terms):
            if text.has(_term(term)):
                yield Wrong(f'must not say "{term}"')


class _Term(NamedTuple):
    plain: str
    words: frozenset[str]


class _Text:
    """A text in which terms are looked for. Most are not there, and their words are not, which takes no search."""

    def __init__(self, text: str) -> None:
        self._plain = _plain(text)
        alone = any(map(_stands_alone, set(self._plain)))
        # Where words stand at each other nobody knows which there are.
        self._words = None if alone else _words(self._plain)

    def has(self, term: _Term) -> bool:
        """Say whether a phrase stands there as words of its own."""
        if self._words is not None and not term.words <= self._words:
            return False
        at = self._plain.find(term.plain)
        for _ in range(_TRIES):
            if at < 0:
                return False
            end = at + len(term.plain)
            before, after = self._plain[at - 1 : at], self._plain[end : end + 1]
            if not _joined(before, term.plain[0]) and not _joined(term.plain[-1], after):
                return True
            at = self._plain.find(term.plain, at + 1)
        return at >= 0 and _searched(term.plain).search(self._plain, at) is not None


def _plain(text: str) -> str:
    """Write a text so that what looks the same is the same: case, width, blanks, soft hyphens and apostrophes."""
    return " ".join(folded(text).replace("\u00ad", "").replace("\u2019", "'").split())


def _words(plain: str) -> frozenset[str]:
    return frozenset(_WORD.findall(plain))


@lru_cache(maxsize=20_000)
def _term(text: str) -> _Term:
    plain = _plain(text)
    return _Term(plain, _words(plain))


@lru_cache(maxsize=1_000)
def _searched(plain: str) -> re.Pattern[str]:
    """Give what finds a term as words of its own, as `_joined` does, in one go."""
    before = f"(?<!{_JOINING})" if _joins(plain[0]) else ""
    after = f"(?!{_JOINING})" if _joins(plain[-1]) else ""
    return re.compile(before + re.escape(plain) + after)


def _joins(character: str) -> bool:
    return character.isalnum() and not _stands_alone(character)


def _joined(before: str, after: str) -> bool:
    """Say whether two characters, of which one may be none, belong to one word."""
    return _joins(before) and _joins(after)


def _stands_alone(character: str) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in _WITHOUT_BLANKS)
