"""The port of a store of points: vectors with payloads, found by what they are near to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from headchef.embedding import Vector
from headchef.qdrant.where import Equal, Where

WRITE_AT_ONCE = 256
"""Points written in one call, so that a request of long texts stays within some megabytes."""


@dataclass(frozen=True, slots=True)
class PointsForm:
    """How points lie in a store; part of the program, and not of the store's own settings.

    Attributes:
        vector: the vector's name; empty for the unnamed one.
        dimensions: that vectors have.
        tenant_field: of the payload, indexed as the one that parts tenants; None where all see all.
        indexed: other fields of the payload that are searched by, all of them texts or lists of texts.
        ordered: fields of the payload that are numbers, by which the least can be found.
        graph: whether a server makes a graph of neighbours, by which searches look at a part of the points and may miss
            one. Without it they look at all that their fields allow, and miss none.
        remedy: what to do about a store whose vectors are others, such as `mend the file of collections`.
        replaceable: whether what is there can be made again: a folder that cannot be loaded is then put aside, and an
            empty one takes its place.
    """

    vector: str
    dimensions: int
    tenant_field: str | None = None
    indexed: tuple[str, ...] = ()
    ordered: tuple[str, ...] = ()
    graph: bool = True
    remedy: str = "name another one"
    replaceable: bool = False


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
class SoughtPoint:
    """What a search asks for.

    Attributes:
        vector: of length 1; the points nearest to it are sought.
        equal: what fields of their payload must be; a field that is not there is equal to nothing.
    """

    vector: Vector
    equal: Mapping[str, Equal] = field(default_factory=dict)


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


class Ranked(NamedTuple):
    """A point, its number in the field by which it was found, and what another field has."""

    id: UUID
    number: float
    also: Any = None


def ranked(point: object, payload: Mapping[str, Any] | None, name: str, also: str | None) -> Ranked:
    """Read a point that was found by the number in a field."""
    fields = payload or {}
    return Ranked(UUID(str(point)), float(fields[name]), None if also is None else fields.get(also))


class PointStore(Protocol):
    """Keeps one collection of points."""

    async def open(self, *, make: bool = False) -> None:
        """Make ready; on a store that is ready nothing happens, so that it may be called before each use.

        Args:
            make: whether to make the collection if it is absent.

        Raises:
            StoreUnavailable: not now; try again.
            StoreRefused: not as it is, for reason `no_collection` or `dimensions` or another.
        """
        ...

    async def nearest(self, sought: Sequence[SoughtPoint], top_k: int) -> Sequence[Sequence[FoundPoint]]:
        """Search for several at once, in any number.

        Args:
            sought: what for.
            top_k: how many points at most for each.

        Returns:
            For each that was sought, in order, the points that are nearest, the nearest first.

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

    async def remove(self, where: Where) -> None:
        """Remove points; when it returns no later search finds them.

        Raises:
            StoreUnavailable: some or all may still be there; removing them again is harmless.
        """
        ...

    async def least(self, name: str, most: int, also: str | None = None) -> Sequence[Ranked]:
        """Give the points whose number in a field is the least, the least first.

        Args:
            name: of the field, one of the form's `ordered`. Points without it are left out.
            most: how many points at most, from 1.
            also: another field of theirs to be read; None for none.

        Raises:
            StoreUnavailable: nothing is known.
        """
        ...

    async def vectors(self, ids: Sequence[UUID]) -> Mapping[UUID, Vector]:
        """Give the vectors of points by their ids; those that are not there are left out. Raises StoreUnavailable."""
        ...

    async def count(self) -> int:
        """Say how many points there are. Raises StoreUnavailable."""
        ...

    async def close(self) -> None:
        """Let go of all that `open` took. The store may be opened again."""
        ...
