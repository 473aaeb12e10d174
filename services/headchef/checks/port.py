"""The port of a check: a model whose fields are the arguments, and which says what is wrong with a value."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict

from headchef.document import Place


class Wrong(NamedTuple):
    """One thing that is wrong with a value.

    Attributes:
        message: what, and what would be right: a model reads it when it is asked to do better.
        at: where below the value, as fields and numbers of items; empty for the whole of it.
    """

    message: str
    at: Place = ()


class Check(BaseModel, ABC):
    """A check with its arguments, which are its fields.

    To add one, derive from this class in a package of your own, and name it among the package's entry points, in the
    group `headchef.checks`. The name of the entry point is what workflows and jobs say. A check is pure and quick: it
    runs where answers are judged, among thousands of others a second.

    Attributes:
        looks_at: the JSON types that it can say anything of; a value of another type is wrong.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    looks_at: ClassVar[frozenset[str]] = frozenset({"string"})

    @abstractmethod
    def look(self, value: Any) -> Iterable[Wrong]:
        """Say what is wrong with a value.

        Args:
            value: JSON, of one of the types in `looks_at`.
        """
