"""The event by which the cache learns what became of a question."""

from typing import ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Decided, Event, Money, Sha256
from headchef_contracts.events.semantic import Asker, Marks, SemanticQuestion
from headchef_contracts.events.steps import Answer


class CacheSettled(Event):
    """The final verdict on what was asked under a fingerprint; an accepted answer may be reused."""

    event_type: ClassVar[str] = "headchef.cache.settled"
    version: ClassVar[int] = 1

    fingerprint: Sha256
    tenant: str
    verdict: Literal["accepted", "rejected", "failed", "cancelled"]
    answer: Answer | None = Field(description="set if and only if accepted")
    model: str
    source_job_id: str
    cost_usd: Money | None = Field(description="what the answer cost when it was made; null where not known")
    settled_at: AwareDatetime
    planned_at: AwareDatetime | None = Field(
        default=None, description="when it was asked: what was invalidated after that is not kept; null where not known"
    )
    semantic: SemanticQuestion | None = None
    asker: Asker | None = Field(default=None, description="set if `semantic` is: what is learnt of it counts once")
    marks: Marks | None = None
    used: CacheUse | None = Field(default=None, description="what the cache knew of the question; null for nothing")
    decided: Decided

    @model_validator(mode="after")
    def _answer_if_accepted(self) -> Self:
        if (self.verdict == "accepted") != (self.answer is not None):
            raise ValueError("`answer` must be set if and only if `verdict` is accepted")
        return self
