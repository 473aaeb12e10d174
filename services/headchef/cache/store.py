"""The port of the answer store: earlier answers, found by tenant and fingerprint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from headchef_contracts.events.common import Cause
from headchef_contracts.events.semantic import Marks
from headchef_contracts.events.steps import Answer

from headchef.cache.selection import Selection


class Sought(NamedTuple):
    """What a lookup asks for. The tenant is part of it: nobody sees another tenant's answer."""

    tenant: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An accepted answer, and what a hit needs to say where it came from.

    Attributes:
        fingerprint: 64 hexadecimal digits, of tenant, request and output schema.
        tenant: whose answer it is.
        answer: what the model said.
        model: as the catalogue names it.
        source_job_id: the job that the model was called for.
        cost_usd: what the answer cost when it was made; None where not known.
        settled_at: when it was accepted.
        expires_at: from when on it is no longer served, however often it was; None for never.
        settled: the record of `cache.settled` that it came from.
        planned_at: when it was asked; None where not known.
        marks: by what it can be found again; None for nothing.
        worth: when the store is full those go first whose worth is the least (see bounded.py); at least 0.
    """

    fingerprint: str
    tenant: str
    answer: Answer
    model: str
    source_job_id: str
    cost_usd: Decimal | None
    settled_at: datetime
    expires_at: datetime | None
    settled: Cause
    planned_at: datetime | None = None
    marks: Marks | None = None
    worth: float = 0.0


class Ranking(NamedTuple):
    """An answer and its worth."""

    fingerprint: str
    worth: float


class AnswerStore(Protocol):
    """Holds one answer a fingerprint. Expired answers are given out too: whether they serve is a policy."""

    async def open(self) -> None:
        """Make ready; on a store that is ready nothing happens, so that it may be called after each failure.

        Raises:
            StoreUnavailable: not now; try again.
            StoreRefused: not with these settings.
        """
        ...

    async def lookup(self, sought: Sequence[Sought]) -> Sequence[StoredAnswer | None]:
        """Look for several answers at once, in any number and with repetitions.

        Returns:
            One for each that was sought, in order; None where there is none of that tenant and fingerprint,
            or where it cannot be read by this version of the program.

        Raises:
            StoreUnavailable: nothing is known about any of them.
        """
        ...

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        """Store answers, each in the place of an earlier one with its fingerprint.

        When it returns they outlive the process, and every later lookup finds them.

        Raises:
            StoreUnavailable: some or all may not be stored; putting them again is harmless.
        """
        ...

    async def remove(self, selection: Selection) -> None:
        """Remove answers; when it returns no later lookup finds them.

        Raises:
            StoreUnavailable: some or all may still be there; removing them again is harmless.
        """
        ...

    async def least(self, most: int) -> Sequence[Ranking]:
        """Give the answers of least worth, the least first.

        Args:
            most: how many at most, from 1.

        Raises:
            StoreUnavailable: nothing is known.
        """
        ...

    async def revalue(self, worths: Sequence[Ranking]) -> None:
        """Give answers more worth; what is worth as much already, or is not there, is passed over.

        Raises:
            StoreUnavailable: some or all may have what they had.
        """
        ...

    async def unfilled(self) -> bool:
        """Say whether it was made empty, since it was lost or never there, and not filled again since.

        Raises:
            StoreUnavailable: that is not known.
        """
        ...

    async def set_unfilled(self, unfilled: bool) -> None:
        """Say whether it is to be filled again from what was settled; that outlives the process.

        Raises:
            StoreUnavailable: that is as it was.
        """
        ...

    async def count(self) -> int:
        """Say how many answers there are, of all tenants. Raises StoreUnavailable."""
        ...

    async def close(self) -> None:
        """Let go of all that `open` took. The store may be opened again."""
        ...
