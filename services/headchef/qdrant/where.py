"""Which points are meant: what the fields of their payloads must be, said in one way for both kinds of stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

Equal = str | int | bool
"""What a field of a payload can be held against."""


@dataclass(frozen=True, slots=True)
class Where:
    """Points for which all of this holds.

    Attributes:
        ids: one of which the point has; None for any.
        equal: what fields must be. A field that is not there is equal to nothing; a list is, if one of it is.
        among: of what a field must be one.
        until: numbers that fields must not be above. A field that is not there is not below either.
        until_or_absent: the same, where a field that is not there will do.
        absent: fields that must not be there.
        erasure: for removal: names the erasure for which nothing of them may stay in a folder's files either; None
            where that does not matter. A server clears out its files by its own rules.
    """

    ids: Sequence[UUID] | None = None
    equal: Mapping[str, Equal] = field(default_factory=dict)
    among: Mapping[str, Sequence[str]] = field(default_factory=dict)
    until: Mapping[str, float] = field(default_factory=dict)
    until_or_absent: Mapping[str, float] = field(default_factory=dict)
    absent: Sequence[str] = ()
    erasure: str | None = None
