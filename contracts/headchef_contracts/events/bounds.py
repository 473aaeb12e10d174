"""Events about how often reused answers are wrong: what is observed of a pool, and the bound that follows."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from headchef_contracts.events.common import Decided, Event, Money, Name, Part, Sha256
from headchef_contracts.events.semantic import Asker

PoolAccount = Annotated[str, StringConstraints(min_length=1)]
"""Tenant, pool and embedder, with a / between: one for each pool of questions, the record's key."""

Feature = Annotated[float, Field(allow_inf_nan=False)]

ObservedKind = Literal["label", "served", "refused", "corrected"]
"""label: a fresh answer was compared with the one that would have been reused; served: one was reused; refused: one was
reused, and failed the checks of its new question; corrected: a person has said that one was wrong."""


class Guess(Part):
    """What was thought of an earlier answer before it was known whether it would do."""

    features: tuple[Feature, ...] = Field(max_length=32, description="what the guess was made from")
    wrong: float = Field(ge=0, le=1, description="how probable it was that the answer would be wrong")
    bound: int = Field(ge=0, description="the number of the bound that was in force; 0 before the first")
    choice: Literal["serve", "explore", "ask"] = Field(
        description="serve: it might be reused; explore: it might, but the model was asked to learn; ask: it might not"
    )
    share: float = Field(gt=0, le=1, description="of the questions with this choice whose model is asked all the same")


class Judgement(Part):
    """A job by which a model was asked whether two answers are the same."""

    job_id: Name
    cost_usd: Money | None = Field(description="of all attempts; null where a price is not known")


class CacheObserved(Event):
    """Something is known of an answer that was reused for another wording of its question, or would have been."""

    event_type: ClassVar[str] = "headchef.cache.observed"
    version: ClassVar[int] = 1

    account: PoolAccount
    tenant: Name
    pool: str = Field(description="whose bound it counts for: of the tenant's questions that share what is learnt")
    embedder: str = Field(description="whose vectors were compared")
    kind: ObservedKind
    source: Sha256 = Field(description="the fingerprint of the answer that was reused, or would have been")
    asker: Asker = Field(description="whose question it was; where a person has corrected the answer, of its own")
    mode: Literal["shadow", "serve"] = "serve"
    guess: Guess | None = Field(
        default=None, description="null for a correction of the answer itself: it counts for all whom it served"
    )
    wrong: bool | None = Field(default=None, description="whether the answer would be wrong; set if the kind is label")
    judge: str | None = Field(default=None, description="who has compared the answers, with its version")
    why: str | None = Field(default=None, description="in what they differ, or why it was refused, in words")
    judgement: Judgement | None = Field(default=None, description="by which a model was asked; null where none was")
    may_ask: bool = Field(
        default=False,
        description="whether the judge would have had a model asked, had the words differed: the label counts only"
        " where the pool could have had one asked just then, as whether it counts must not depend on the answers",
    )
    decided: Decided

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        if (self.wrong is not None) != (self.kind == "label"):
            raise ValueError("`wrong` must be set if and only if `kind` is label")
        if self.guess is None and self.kind != "corrected":
            raise ValueError("`guess` may be null only if `kind` is corrected")
        return self

    @property
    def about(self) -> str:
        """Name what is observed: two events with the same one are one observation."""
        return f"{self.kind}\0{self.source}\0{self.asker.name}"


class Counts(Part):
    """What a pool has come to since it began."""

    labels: int = Field(
        default=0, ge=0, description="fresh answers that were compared with what would have been reused"
    )
    wrong: int = Field(default=0, ge=0, description="of them, those that differ")
    undecided: int = Field(default=0, ge=0, description="answers about which a model was to say something, and has not")
    allowed: int = Field(default=0, ge=0, description="of the labels, those for which the bound would have allowed it")
    allowed_wrong: int = Field(default=0, ge=0, description="of those, the ones that differ: what shadow mode reports")
    served: int = Field(default=0, ge=0, description="answers that were reused")
    refused: int = Field(default=0, ge=0, description="of them, those that failed the checks of their new question")
    corrected: int = Field(default=0, ge=0, description="of them, those that a person has said were wrong")


class Band(Part):
    """Guesses up to a height, and how often they have turned out wrong at most, with those of all lower bands."""

    up_to: float = Field(gt=0, le=1, description="the highest guess that it takes")
    at_most: float = Field(ge=0, le=1, description="the share that is wrong up to here, with certainty; 1 for unknown")


class BoundSet(Event):
    """When answers of a pool may be reused from now on: what was said last of it."""

    event_type: ClassVar[str] = "headchef.bound.set"
    version: ClassVar[int] = 1

    account: PoolAccount
    tenant: Name
    pool: str
    embedder: str
    number: int = Field(ge=1, description="counts the bounds of the pool")
    statistic: str = Field(description="how it was worked out, and how guesses are made; others cannot be read")
    weights: tuple[Feature, ...] = Field(max_length=64, description="by which features become a guess")
    bands: tuple[Band, ...] = Field(max_length=64, description="from the lowest guesses on")
    counts: Counts
    set_at: AwareDatetime
    decided: Decided
