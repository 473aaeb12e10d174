"""A judge of texts by their vectors: near enough in meaning, and with the same numbers."""

from typing import Literal

from pydantic import Field

from headchef.embedding import EmbeddingFailed
from headchef.equality.port import Different, Instruments, Judge, Opinion, Same, Undecided
from headchef.equality.text import differ_in_numbers


class Embedding(Judge):
    """Two texts are the same whose vectors are near: the cosine of their angle is at least a set value.

    Vectors hardly tell one number from another, so the numbers must be the same beside that.
    """

    least: float = Field(
        gt=0, le=1, description="the cosine from which on texts are the same, such as 0.95; other embedders need others"
    )
    numbers: Literal["same", "any"] = Field(
        default="same", description="same: both texts have the same numbers; any: numbers are not looked at"
    )

    async def compared(self, one: str, other: str, instruments: Instruments) -> Opinion:
        """Compare the numbers, then the vectors."""
        if self.numbers == "same" and (why := differ_in_numbers(one, other)) is not None:
            return Different(why)
        if instruments.embedder is None:
            return Undecided("there is no embedder")
        try:
            first, second = await instruments.embedder.embed([one, other])
        except EmbeddingFailed as failed:
            return Undecided(f"the embedder gives no vectors: {failed.message}")
        cosine = sum(a * b for a, b in zip(first, second, strict=True))
        if cosine < self.least:
            return Different(f"the cosine is {cosine:.3f}, and {self.least:g} is asked for")
        return Same()

    def uses(self, instruments: Instruments) -> str | None:
        """Name the embedder: another one may think otherwise."""
        return None if instruments.embedder is None else instruments.embedder.name
