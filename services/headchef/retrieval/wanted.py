"""What is wanted of a collection, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headchef.qdrant.where import Equal


@dataclass(frozen=True, slots=True)
class Query:
    """One search.

    Attributes:
        collection: in which.
        text: what the texts shall be near to.
        equal: what fields of a text must be.
        top_k: how many texts at most.
        tenant: who asks.
        retries: more tries after one that may fare better later.
    """

    collection: str
    text: str
    equal: Mapping[str, Equal]
    top_k: int
    tenant: str
    retries: int


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was found.

    Attributes:
        id: as it was loaded.
        text: the text.
        score: the cosine of the angle to what was sought, at most 1.
        sha256: of the text in UTF-8, in hexadecimal digits.
    """

    id: str
    text: str
    score: float
    sha256: str


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found in a collection.

    Attributes:
        collection: in which.
        documents: the nearest first.
    """

    collection: str
    documents: Sequence[Document]

    @property
    def value(self) -> dict[str, Any]:
        """What the step gives, as JSON."""
        return {
            "documents": [
                {"id": each.id, "text": each.text, "score": each.score, "sha256": each.sha256}
                for each in self.documents
            ]
        }
