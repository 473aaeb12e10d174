"""Counts the pieces of a text, from which its tokens are reckoned before a provider has told."""

import re

_PIECE = re.compile(r"[A-Za-z]{1,6}|\d{1,3}|[^\sA-Za-z\d]")
"""Near what tokenisers make of most texts, and rather too many; characters / 4 is off by 68 % on Japanese."""


def pieces_of(text: str) -> int:
    """Give how many there are."""
    return len(_PIECE.findall(text))
