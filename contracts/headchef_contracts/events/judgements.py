"""Events by which a model is asked whether two answers are the same: asked for, planned and ended."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from headchef_contracts.events.bounds import Guess, PoolAccount
from headchef_contracts.events.common import MAX_OUTPUT_TOKENS, Decided, Event, Money, Name, Part, Sha256
from headchef_contracts.events.semantic import Asker


class ModelQuestion(Part):
    """What a judge of equality asks of a model."""

    system: str
    prompt: str = Field(description="with both answers, quoted")
    model: Name | None = Field(default=None, description="of the catalogue; null for its default, or a tier")
    tier: Name | None = Field(default=None, description="of the catalogue, in place of a model")
    max_output_tokens: int = Field(ge=1, le=MAX_OUTPUT_TOKENS, description="that its reply may have")


class JudgementAsked(Event):
    """A cache needs to know whether a fresh answer is the same as one that would have been reused, and asks a model."""

    event_type: ClassVar[str] = "headchef.judgement.asked"
    version: ClassVar[int] = 1

    account: PoolAccount
    tenant: Name
    pool: str = Field(description="that learns of it")
    embedder: str = Field(description="whose vectors were compared")
    source: Sha256 = Field(description="the fingerprint of the answer that would have been reused")
    asker: Asker = Field(description="whose question the fresh answer is to")
    mode: Literal["shadow", "serve"] = "serve"
    guess: Guess
    judge: str = Field(description="who asks, with its version")
    question: ModelQuestion
    decided: Decided

    @property
    def about(self) -> str:
        """Name what is asked: two events with the same one ask the same."""
        return f"judgement\0{self.source}\0{self.asker.name}"


class JudgementPlanned(Event):
    """The owner of a pool lets a model be asked: a job that is the tenant's, and whose end only the pool hears of."""

    event_type: ClassVar[str] = "headchef.judgement.planned"
    version: ClassVar[int] = 1

    job_id: Name = Field(description="of the question to the model; the same each time that it is planned")
    account: PoolAccount
    tenant: Name
    question: ModelQuestion
    deadline: AwareDatetime = Field(description="nothing is paid for it after this time")
    decided: Decided


class JudgementEnded(Event):
    """What a model has said of two answers, or that nobody has said anything."""

    event_type: ClassVar[str] = "headchef.judgement.ended"
    version: ClassVar[int] = 1

    account: PoolAccount
    job_id: Name
    same: bool | None = Field(description="null where there is no judgement: the question failed, or was not paid")
    why: str = Field(description="in what they differ, or why there is no judgement, in words")
    model: str | None = Field(default=None, description="that was asked, as the catalogue names it; null for none")
    cost_usd: Money | None = Field(description="of all attempts; null where a price is not known")
    decided: Decided
