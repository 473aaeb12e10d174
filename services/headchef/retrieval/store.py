"""The port of a collection's store: points of a vector and a payload, found by what they are near to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from headchef.embedding import Vector

Equal = str | int | bool
"""What a field of a payload can be held against."""

WRITE_AT_ONCE = 256
"""Points written in one call, so that a request of long texts stays within some megabytes."""


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """A point to be kept.

    Attributes:
        id: names it; a later one with the same takes its place.
        vector: of length 1.
        payload: JSON values by name.
    """

    id: UUID
    vector: Vector
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """A point that was found.

    Attributes:
        id: as the store writes it.
        score: the cosine of the angle to what was sought, at most 1.
        payload: as it was kept.
    """

    id: str
    score: float
    payload: Mapping[str, Any]


class CollectionStore(Protocol):
    """Keeps one collection."""

    async def open(self, *, make: bool = False) -> None:
        """Make ready; on a store that is ready nothing happens, so that it may be called before each use.

        Args:
            make: whether to make the collection if it is absent.

        Raises:
            StoreUnavailable: not now; try again.
            StoreRefused: not as it is, for reason `no_collection` or `dimensions` or another.
        """
        ...

    async def nearest(self, vector: Vector, equal: Mapping[str, Equal], top_k: int) -> Sequence[FoundPoint]:
        """Give the points that are nearest, the nearest first.

        Args:
            vector: to which.
            equal: what fields of their payload must be; a field that is not there is equal to nothing.
            top_k: how many at most.

        Raises:
            StoreUnavailable: nothing is known.
        """
        ...

    async def put(self, points: Sequence[StoredPoint]) -> None:
        """Keep points; when it returns every later search finds them.

        Raises:
            StoreUnavailable: some or all may not be kept; putting them again is harmless.
        """
        ...

    async def count(self) -> int:
        """Say how many points there are. Raises StoreUnavailable."""
        ...

    async def close(self) -> None:
        """Let go of all that `open` took. The store may be opened again."""
        ...
