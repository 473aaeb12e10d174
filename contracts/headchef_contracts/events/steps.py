"""Events between the processors: a step planned, dispatched, attempted, completed and judged."""

from datetime import datetime
from typing import Any, ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from headchef_contracts.events.budgets import Reserved
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import (
    Body,
    CacheMode,
    Decided,
    Event,
    Finding,
    JobHead,
    Money,
    Parameters,
    Part,
    Reference,
    Sha256,
    StepCheck,
    Usage,
    WorkflowName,
)
from headchef_contracts.events.images import Image
from headchef_contracts.events.jobs import Failure, Tried
from headchef_contracts.events.semantic import Marks, SemanticQuestion


class Message(Part):
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: Body
    static_characters: int = Field(
        default=0,
        ge=0,
        description="so many of the first characters of the text (Unicode code points) are the template's own, the same"
        " for each of its jobs; a hint for the provider's cache of prompts, and no part of what is asked",
    )
    images: tuple[Image, ...] = Field(
        default=(), description="shown in this order, before the text; a user's message alone has any"
    )

    @model_validator(mode="after")
    def _users_show_images(self) -> Self:
        if self.images and self.role != "user":
            raise ValueError(f"`images` belong to a message of the user, not of the {self.role}")
        return self


class ModelRequest(Part):
    """What a model is asked: everything that the answer depends on."""

    model: str = Field(description="as the catalogue names it")
    lane: str = Field(description="the quota pool that the call is drawn from")
    messages: tuple[Message, ...] = Field(min_length=1)
    parameters: Parameters = Field(default_factory=Parameters)
    output_schema: dict[str, Any] | None = Field(default=None, description="JSON Schema that the answer must obey")


class Step(Part):
    """One step of a job on its way: a one-step job has the step `main`."""

    job: JobHead
    workflow: WorkflowName | None = Field(
        default=None, description="that the step is one of; null where it is all that the job is"
    )
    step_id: str = "main"
    item: str | None = Field(default=None, description="the key of the item that it is for; null for the whole step")
    plan: int = Field(default=0, ge=0, description="raised when the router plans the step again")
    fingerprint: Sha256 = Field(description="of tenant, request and schema: equal requests meet")
    prompt_sha256: Sha256
    request: ModelRequest
    cache: CacheMode = "exact"
    semantic: SemanticQuestion | None = Field(
        default=None, description="the question as it may be compared with others by its meaning; null: it may not"
    )
    marks: Marks | None = Field(default=None, description="by what its answer can be invalidated; null for nothing")
    catalog_version: str | None = None
    candidates: tuple[str, ...] = Field(
        default=(),
        description="models that may be asked if this one fails for good, in order, as the catalogue names them",
    )
    tried: tuple[Tried, ...] = Field(default=(), description="models that were asked before this one, in order")
    checks: tuple[StepCheck, ...] = Field(default=(), description="what the answer must pass beside its schema")
    repairs: int = Field(default=0, ge=0, description="so many more answers may be asked for if this one fails them")
    truncations: int = Field(
        default=0, ge=0, description="so many more answers may be asked for, with more room, if this one is cut off"
    )
    question: int | None = Field(
        default=None,
        ge=1,
        description="so many of the first messages are the question; what follows is its last answer, and what was"
        " wrong with that; null where nothing follows",
    )
    lane_partitions: int | None = Field(
        default=None,
        ge=1,
        description="how many of the first partitions of its lane's topic were in use by its plan; null for all",
    )
    reserved: Reserved | None = Field(
        default=None, description="of its tenant's budget, for this plan; null where the tenant has none"
    )
    deadline: AwareDatetime | None = Field(
        default=None, description="of a workflow's step: no call of it begins after this time, as after that of the job"
    )

    @property
    def latest(self) -> datetime | None:
        """After which time no call of it begins; None for never."""
        known = [each for each in (self.deadline, self.job.deadline) if each is not None]
        return min(known, default=None)


class StepPlanned(Event):
    """The router has decided what to ask of which model."""

    event_type: ClassVar[str] = "headchef.step.planned"
    version: ClassVar[int] = 1

    step: Step
    decided: Decided


class Begun(Part):
    """What came of a step's calls before it was moved to another partition: it goes on there, and forgets nothing."""

    calls: int = Field(ge=1, description="made so far; each is on attempts.recorded")
    usage: Usage = Field(default_factory=Usage, description="of those calls that reported it")
    cost_usd: Money | None = Field(description="of those whose cost is known; null if it is of none")
    provider_s: float = Field(ge=0, description="seconds spent inside those calls")
    unbilled: bool = Field(description="whether every call without usage is known to be free")
    started_at: AwareDatetime = Field(
        description="when the first call began, moved on by what the step has waited for its lane; for the retry window"
    )
    failed: int = Field(ge=0, description="failed calls, 429s not counted")
    limited: int = Field(ge=0, description="calls that came to a 429")
    refused: int = Field(default=0, ge=0, description="refusals of this step alone, while other calls were answered")
    refused_at: AwareDatetime | None = Field(
        default=None, description="when a call was last refused as all were, for want of a key, money or the model"
    )


class StepDispatched(Event):
    """No earlier answer serves: the step goes to a lane, to be paid for.

    An executor writes it again, to another partition, where the one in which it lies is not in use any more: then its
    cause is the record that it stands for.
    """

    event_type: ClassVar[str] = "headchef.step.dispatched"
    version: ClassVar[int] = 1

    step: Step
    cache: CacheUse
    begun: Begun | None = Field(default=None, description="what came of it before it was moved; null before any call")
    decided: Decided


class Answer(Part):
    """What a model said."""

    output: Body = Field(description="the text as the model wrote it")
    finish_reason: str
    provider_model: str | None = None
    usage: Usage


class StepCompleted(Event):
    """A step has an answer, from a model or from the cache, or has failed for good. Exactly one of the two is set."""

    event_type: ClassVar[str] = "headchef.step.completed"
    version: ClassVar[int] = 1

    step: Step
    cache: CacheUse
    answer: Answer | None = None
    failure: Failure | None = None
    usage: Usage = Field(default_factory=Usage, description="of all attempts of this step for this job")
    cost_usd: Money | None = Field(description="of all attempts; null where a price is not known")
    attempts: int = Field(ge=0)
    provider_s: float = Field(ge=0, description="seconds spent inside calls")
    decided: Decided

    @model_validator(mode="after")
    def _answer_or_failure(self) -> Self:
        if (self.answer is None) == (self.failure is None):
            raise ValueError("exactly one of `answer` and `failure` must be set")
        return self


AttemptOutcome = Literal[
    "answered",
    "length",
    "refusal",
    "rate_limited",
    "server_error",
    "timeout",
    "connection",
    "credentials",
    "bad_request",
    "malformed_response",
]


_REFUSED_STATUS = 400


class AttemptRecorded(Event):
    """One call to a provider, also a failed one, with what it cost."""

    event_type: ClassVar[str] = "headchef.attempt.recorded"
    version: ClassVar[int] = 1

    job: JobHead
    step_id: str
    item: str | None = Field(default=None, description="the key of the item that it is for; null for the whole step")
    plan: int = Field(ge=0)
    number: int = Field(ge=1, description="counts from 1 within the step's plan")
    model: str
    lane: str
    provider: str
    outcome: AttemptOutcome
    status_code: int | None = Field(default=None, description="of HTTP; null where no answer came")
    message: str | None = Field(default=None, description="what went wrong, in words")
    provider_request_id: str | None = None
    usage: Usage | None = Field(default=None, description="null where the provider reported none")
    cost_usd: Money | None = Field(description="null where price or usage is not known, never 0 for unknown")
    uncached_cost_usd: Money | None = Field(
        default=None,
        description="what it would have cost without the provider's cache of prompts; null where that is cost_usd",
    )
    price_version: str | None
    started_at: AwareDatetime
    duration_s: float = Field(ge=0)
    decided: Decided

    @property
    def refused(self) -> bool:
        """Whether the provider refused the call by its status: such calls are billed by nobody."""
        return self.status_code is not None and self.status_code >= _REFUSED_STATUS


EndStatus = Literal["ok", "rejected", "failed", "cancelled"]


class Ended(Part):
    """What a step of a workflow ended with, when all its plans are done."""

    status: EndStatus
    output: Body | None = Field(description="the parsed JSON, or the text; for a rejected step what the model said")
    findings: tuple[Finding, ...] = ()
    failure: Failure | None = Field(default=None, description="set if and only if the status is failed or cancelled")
    cache: CacheUse
    usage: Usage = Field(default_factory=Usage, description="of all attempts, whichever model they asked")
    cost_usd: Money | None = Field(description="of all attempts; null where a price is not known")
    attempts: int = Field(ge=0)
    provider_s: float = Field(ge=0, description="seconds spent inside calls")


class StepJudged(Event):
    """The validator hands a step back to the router, which plans it again, or goes on with its job."""

    event_type: ClassVar[str] = "headchef.step.judged"
    version: ClassVar[int] = 1

    step: Step
    verdict: Literal["hit_refused", "failed", "rejected", "ended"] = Field(
        description="hit_refused: a reused answer failed the step's checks; failed: its model did, and others are left;"
        " rejected: its answer failed the checks, and another may be asked for; ended: the step of a workflow is done"
    )
    findings: tuple[Finding, ...]
    failed: Tried | None = Field(default=None, description="set if and only if the verdict is failed or rejected")
    said: str | None = Field(
        default=None, description="what the model said; this or `said_reference` is set if the verdict is rejected"
    )
    said_reference: Reference | None = Field(default=None, description="to what the model said, where that is large")
    ended: Ended | None = Field(default=None, description="set if and only if the verdict is ended")
    decided: Decided

    @model_validator(mode="after")
    def _what_failed_with_its_verdict(self) -> Self:
        if (self.verdict in ("failed", "rejected")) != (self.failed is not None):
            raise ValueError("`failed` must be set if and only if `verdict` is failed or rejected")
        if (self.verdict == "rejected") != (self.said is not None or self.said_reference is not None):
            raise ValueError("`said` or `said_reference` must be set if and only if `verdict` is rejected")
        if (self.verdict == "ended") != (self.ended is not None):
            raise ValueError("`ended` must be set if and only if `verdict` is ended")
        return self
