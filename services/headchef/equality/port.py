"""The port of a judge of equality: a model whose fields are the arguments, and which compares two answers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from headchef_contracts.events.judgements import ModelQuestion

from headchef.embedding import Embedder

MAX_CHARACTERS = 50_000
"""Of each answer. The cache compares where thousands of steps pass by in a second: a longer answer is not looked at."""


@dataclass(frozen=True, slots=True)
class Same:
    """One answer would have done in place of the other."""


@dataclass(frozen=True, slots=True)
class Different:
    """It would not.

    Attributes:
        why: in words; it may quote the answers in short.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nobody can say for now: something that the judge needs is away.

    Attributes:
        why: in words.
    """

    why: str


@dataclass(frozen=True, slots=True)
class ToBeAsked(Undecided):
    """Nobody can say for now, and a model can: who compares may have it asked, and hear of it later.

    Attributes:
        question: what it is to be asked.
    """

    question: ModelQuestion


AskedOf = Literal["model", "tier"]

Opinion = Same | Different | Undecided


@dataclass(frozen=True, slots=True)
class Instruments:
    """What a judge may use beside the two answers.

    Attributes:
        embedder: gives vectors of texts; None where there is none.
    """

    embedder: Embedder | None = None


class Judge(BaseModel, ABC):
    """A judge with its arguments, which are its fields.

    To add one, derive from this class in a package of your own, and name it among the package's entry points, in the
    group `headchef.judges`. The name of the entry point is what jobs and workflows say. A judge is quick: it runs where
    steps pass through the cache. One that needs a model says so (`ToBeAsked`).

    Whatever a judge thinks, an answer is the same as itself, and the order of the two makes no difference. That one is
    the same as a second, and this as a third, does not make the first the same as the third: tolerances add up.

    Attributes:
        version: raised when the judge changes its mind about some pair; it is recorded with what was decided.
        may_ask: whether it has a model asked about some pairs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    version: ClassVar[int] = 1
    may_ask: ClassVar[bool] = False

    @property
    def asks_of(self) -> Mapping[AskedOf, str]:
        """Name the model or tier of the catalogue that is to be asked, by the argument that names it, if any does."""
        return {}

    async def same(self, one: str, other: str, instruments: Instruments) -> Opinion:
        """Say whether two answers are the same.

        Args:
            one: the text as a model wrote it.
            other: likewise.
            instruments: what the judge may use.
        """
        if one == other:
            return Same()
        if (longest := max(len(one), len(other))) > MAX_CHARACTERS:
            return Different(
                f"one has {longest} characters, and answers of more than {MAX_CHARACTERS} are not compared"
            )
        first, second = sorted((one, other))
        return await self.compared(first, second, instruments)

    @abstractmethod
    async def compared(self, one: str, other: str, instruments: Instruments) -> Opinion:
        """Say whether two different texts say the same.

        Args:
            one: that of the two which comes first in the order of their characters; not too long.
            other: the second.
            instruments: what may be used.
        """

    def uses(self, instruments: Instruments) -> str | None:
        """Name the instrument that has a part in the opinion, such as an embedder; None for none."""
        return None
