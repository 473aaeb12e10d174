"""The port of the store of questions by what they mean: earlier ones, found by the vectors of their free texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from headchef_contracts.events.semantic import Marks

from headchef.cache.selection import Selection
from headchef.embedding import Vector


@dataclass(frozen=True, slots=True)
class SoughtMeaning:
    """What a search asks for. Tenant and scope are held equal in the store, and never compared by meaning.

    Attributes:
        tenant: nobody sees another tenant's questions.
        scope: 64 hexadecimal digits, of all in the question but its free texts.
        vector: of the free texts, of length 1.
    """

    tenant: str
    scope: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Question:
    """A question that has been answered. The answer lies in the answer store, under the fingerprint.

    Attributes:
        tenant: whose it is.
        scope: of all in it that must be equal.
        fingerprint: of the whole of it, as the answer store knows it.
        vector: of its free texts, of length 1.
        group: the fingerprint of the first question that had the same answer; its own, if it was the first.
        source_job_id: the job that the model was called for.
        settled_at: when its answer was accepted.
        planned_at: when it was asked; None where not known.
        expires_at: from when on it no longer serves; None for never.
        marks: by what it can be found again; None for nothing.
    """

    tenant: str
    scope: str
    fingerprint: str
    vector: Vector
    group: str
    source_job_id: str
    settled_at: datetime
    planned_at: datetime | None = None
    expires_at: datetime | None = None
    marks: Marks | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """An earlier question that was found; all but the score as in `Question`.

    Attributes:
        score: the cosine of the angle to what was sought, at most 1.
    """

    score: float
    tenant: str
    scope: str
    fingerprint: str
    group: str
    source_job_id: str
    settled_at: datetime
    planned_at: datetime | None = None
    expires_at: datetime | None = None
    marks: Marks | None = None


class Meanings(Protocol):
    """Holds one question a tenant and fingerprint. Expired ones are given out too: whether they serve is a policy."""

    async def open(self) -> None:
        """Make ready; on a store that is ready nothing happens, so that it may be called after each failure.

        Raises:
            StoreUnavailable: not now; try again.
            StoreRefused: not with these settings.
        """
        ...

    async def nearest(self, sought: Sequence[SoughtMeaning], top_k: int) -> Sequence[Sequence[Near]]:
        """Search for several at once, in any number.

        Args:
            sought: what for.
            top_k: how many questions at most for each, from 1.

        Returns:
            For each that was sought, in order, the questions of its tenant and scope that are nearest, the nearest
            first. What this version of the program cannot read is left out.

        Raises:
            StoreUnavailable: nothing is known about any of them.
        """
        ...

    async def put(self, questions: Sequence[Question]) -> None:
        """Keep questions, each in the place of an earlier one of its tenant and fingerprint.

        When it returns they outlive the process, and every later search finds them.

        Raises:
            StoreUnavailable: some or all may not be kept; putting them again is harmless.
        """
        ...

    async def remove(self, selection: Selection) -> None:
        """Remove questions; when it returns no later search finds them.

        Raises:
            StoreUnavailable: some or all may still be there; removing them again is harmless.
        """
        ...

    async def count(self) -> int:
        """Say how many questions there are, of all tenants. Raises StoreUnavailable."""
        ...

    async def close(self) -> None:
        """Let go of all that `open` took. The store may be opened again."""
        ...
