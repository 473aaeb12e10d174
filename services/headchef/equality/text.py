"""A judge of texts: the same words in the same order, or nearly so."""

from pydantic import Field

from headchef.equality.port import Different, Instruments, Judge, Opinion, Same
from headchef.equality.wording import MAX_WORDS, likeness, numbers_of, words_of


class Text(Judge):
    """Two texts are the same that have the same words in one order: case, blanks and punctuation make no difference.

    Texts that are only alike must still have the same numbers.
    """

    likeness: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="the share of words that must stand in both, in one order, such as 0.9; 1: all of them",
    )

    async def compared(self, one: str, other: str, instruments: Instruments) -> Opinion:
        """Compare the words."""
        why = unlike(one, other, self.likeness)
        return Same() if why is None else Different(why)


def unlike(one: str, other: str, least: float) -> str | None:
    """Say how two texts differ, or None if they are the same or so much alike.

    Args:
        one: of at most some 100,000 characters.
        other: likewise.
        least: the share of words that must stand in both, from 0 to 1.
    """
    first, second = words_of(one), words_of(other)
    if first == second:
        return None
    if not first or not second:
        return "one has no words"
    if least == 1:
        return _first_difference(first, second)
    if (why := differ_in_numbers(one, other)) is not None:
        return why
    if max(len(first), len(second)) > MAX_WORDS:
        return f"one has more than {MAX_WORDS} words, whose likeness is not measured"
    if (found := likeness(first, second)) < least:
        return f"their likeness is {found:.3f}, and {least:g} is asked for"
    return None


def differ_in_numbers(one: str, other: str) -> str | None:
    """Name a number that only one of two texts has; None where both have the same."""
    lone = numbers_of(words_of(one)) ^ numbers_of(words_of(other))
    return f"only one has {min(lone)[:60]}" if lone else None


def _first_difference(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    for first, second in zip(one, other, strict=False):
        if first != second:
            return f"one says {first[:60]!r} where the other says {second[:60]!r}"
    longer = max(one, other, key=len)
    return f"one goes on with {longer[min(len(one), len(other))][:60]!r}"
