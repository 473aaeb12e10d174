"""What the cache has done with a question, as a step's events and the job's result repeat it."""

from typing import Literal

from pydantic import Field

from headchef_contracts.events.common import Part
from headchef_contracts.events.semantic import Nearest

CacheKind = Literal["miss", "exact", "semantic", "coalesced", "bypass", "unavailable"]
"""miss: nothing to reuse; exact: the answer to the same question; semantic: to one that means the same; coalesced: to
the same question, which was being asked already; bypass: not looked for, or not known to be valid still; unavailable:
the store was away."""

REUSED: frozenset[CacheKind] = frozenset({"exact", "semantic", "coalesced"})


class CacheUse(Part):
    """Whether an earlier answer was reused."""

    kind: CacheKind
    source_job_id: str | None = Field(default=None, description="the job whose answer was reused")
    age_s: float | None = Field(
        default=None, ge=0, description="seconds since that answer was accepted; null where none was reused"
    )
    nearest: Nearest | None = Field(
        default=None, description="the earlier question that is nearest in meaning, where the job asked for it"
    )
    waited_s: float | None = Field(
        default=None,
        ge=0,
        description="seconds that it waited for the answer to the same question, which was being asked; null for none",
    )

    @property
    def reused(self) -> bool:
        """Whether somebody else's answer was taken."""
        return self.kind in REUSED
