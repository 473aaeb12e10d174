"""Writes a text so that what looks the same is the same: width, ligatures, and case if wanted. Linear in the text."""

import re
import unicodedata

_MARKS_IN_A_ROW = 30
_JOINER = "\u034f"
"""The combining grapheme joiner, over which no mark is moved."""

# No letter, digit or blank is a mark, and none is below U+0300.
_LONG_RUN = re.compile(rf"[^\w\s\x00-\u02ff]{{{_MARKS_IN_A_ROW + 1},}}")


def folded(text: str) -> str:
    """Give a text in its normal form, in lower case.

    Args:
        text: any.
    """
    return normal(text).casefold()


def normal(text: str) -> str:
    """Give a text in Unicode's normal form NFKC.

    To sort a row of combining marks, as normalisation must, takes time by the square of its length, which 100,000
    characters made for it would stretch to half a minute. So a row of more than 30 is broken up first, as UAX 15
    (stream-safe text) has it; no language has that many.

    Args:
        text: any.
    """
    safe = text if text.isascii() else _LONG_RUN.sub(_broken_up, text)
    return unicodedata.normalize("NFKC", safe)


def _broken_up(run: re.Match[str]) -> str:
    written: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > _MARKS_IN_A_ROW:
            written.append(_JOINER)
            marks = 1
        written.append(character)
    return "".join(written)
