"""Events at the two doors of the system: jobs submitted, refused and finished."""

from typing import ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import (
    MAX_REVISION,
    MAX_RUN,
    BatchSize,
    Body,
    CacheMode,
    Cause,
    Decided,
    Event,
    Finding,
    JobClass,
    JobHead,
    Label,
    Money,
    Name,
    Parameters,
    Part,
    PublicEvent,
    PublicObject,
    PublicText,
    RejectRate,
    Sha256,
    Usage,
    WorkflowName,
)
from headchef_contracts.events.images import MAX_IMAGES, PublicImage
from headchef_contracts.events.origin import (
    MAX_REVIEWS,
    MAX_SOURCES,
    MAX_TEXTS,
    Reviewed,
    SourceUsed,
    StepAccount,
    TextUsed,
)
from headchef_contracts.events.output import OutputSpec
from headchef_contracts.events.semantic import SemanticUse
from headchef_contracts.faults import at_field

RefusalReason = Literal[
    "not_json",
    "not_an_object",
    "schema_registry_framing",
    "invalid",
    "unknown_version",
    "tenant_not_allowed",
    "too_large",
    "unknown_model",
    "unknown_workflow",
    "template",
    "unsupported_reference",
    "job_id_conflict",
    "overloaded",
]


NOT_CONTENT = frozenset({"batch_size", "batch_max_reject_rate"})
"""Fields that say something of a job's batch, and nothing of the job: two that differ in these alone are the same."""

ASKED_DIRECTLY = ("prompt", "system", "images", "output", "model", "tier", "parameters", "semantic")
"""Fields of a job that is one question; where there is a workflow, it says this for each of its steps."""


class JobSubmitted(PublicEvent):
    """A content job, as an upstream system publishes it."""

    event_type: ClassVar[str] = "headchef.job.submitted"
    version: ClassVar[int] = 1

    job_id: Name = Field(description="your idempotency key: the same id with the same content is one job")
    prompt: PublicText | None = Field(
        default=None, description="the prompt; a Jinja template if input is given, literal text if not"
    )
    input: PublicObject | None = Field(
        default=None, description="values for the template, as `input`; or what the workflow works on"
    )
    workflow: WorkflowName | None = Field(
        default=None, description="the published workflow that does the job, as name@version; in place of a prompt"
    )
    system: PublicText | None = Field(default=None, description="the system prompt; a template like the prompt")
    images: tuple[PublicImage, ...] = Field(
        default=(), max_length=MAX_IMAGES, description="shown to the model in this order, before the prompt"
    )
    output: OutputSpec = Field(default_factory=OutputSpec)
    model: Name | None = Field(default=None, description="a model of the catalogue; the default if omitted")
    tier: Name | None = Field(default=None, description="a tier of the catalogue, in place of a model")
    parameters: Parameters = Field(default_factory=Parameters)
    cache: CacheMode = Field(default="exact", description="bypass: neither read nor reuse an earlier answer")
    cache_tags: tuple[Name, ...] = Field(
        default=(), max_length=20, description="by which its answers can be invalidated"
    )
    semantic: SemanticUse | None = Field(
        default=None, description="when an answer to another wording of the question may serve; null: never"
    )
    run: int = Field(default=0, ge=0, le=MAX_RUN)
    revision: int = Field(default=0, ge=0, le=MAX_REVISION)
    tenant: Name = "default"
    job_class: JobClass = Field(default="interactive", alias="class")
    batch_id: Name | None = None
    batch_size: BatchSize | None = Field(
        default=None,
        description="how many jobs the batch has, so that `batches.finished` can tell when all have ended; at least one"
        " of them must say it, and the largest number counts",
    )
    batch_max_reject_rate: RejectRate | None = Field(
        default=None,
        description="the batch is paused once it is certain that a larger share of its answers is rejected or failed;"
        " at least one of its jobs must say it, and the smallest share counts",
    )
    conversation_id: Name | None = None
    subject: Name | None = None
    labels: dict[str, Label] = Field(default_factory=dict)
    deadline: AwareDatetime | None = None

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        if self.workflow is None:
            if self.prompt is None:
                raise at_field("prompt", "this field is required, unless `workflow` is given")
        elif stray := [name for name in ASKED_DIRECTLY if name in self.model_fields_set]:
            raise at_field(stray[0], "a workflow says this itself: leave it out, or `workflow`")
        if self.semantic is not None and self.input is None:
            raise at_field("semantic", "its free texts are fields of `input`, which is not given")
        if self.semantic is not None and self.cache == "bypass":
            raise at_field("semantic", "no earlier answer serves with `cache` bypass: leave one of the two out")
        if self.batch_size is not None and self.batch_id is None:
            raise at_field("batch_size", "there is no batch whose size this is: give `batch_id` too, or leave it out")
        if self.batch_max_reject_rate is not None and self.batch_id is None:
            said = "there is no batch that this could pause: give `batch_id` too, or leave it out"
            raise at_field("batch_max_reject_rate", said)
        return self

    @model_validator(mode="after")
    def _model_or_tier(self) -> Self:
        if self.model is not None and self.tier is not None:
            raise at_field("tier", "stands in place of `model`: leave one of them out")
        return self


class JobRefused(Event):
    """A record that was not accepted as a job; its raw bytes lie in the dead letters."""

    event_type: ClassVar[str] = "headchef.job.refused"
    version: ClassVar[int] = 1

    job_id: str | None = Field(description="null where none could be read")
    run: int | None = Field(default=None, ge=0, le=MAX_RUN, description="null where none could be read")
    tenant: str | None = None
    batch_id: str | None = None
    batch_size: int | None = Field(default=None, ge=1, le=MAX_RUN, description="null where none could be read")
    reason: RefusalReason
    field: str | None = Field(description="dotted path of the field at fault; null for the whole record")
    message: str = Field(description="what is wrong and what would be right")
    source: Cause = Field(description="the refused record")
    dead_letter_topic: str = Field(description="where its raw bytes are, in the partition of the same number")
    decided: Decided


JobStatus = Literal["ok", "needs_review", "rejected", "failed", "cancelled"]
FailureReason = Literal[
    "deadline_exceeded",
    "provider_unavailable",
    "provider_refused_request",
    "credentials",
    "rate_limited",
    "timeout",
    "too_large",
    "length",
    "refusal",
    "malformed_response",
    "unknown_model",
    "cancelled",
    "rejected",
    "step_failed",
    "budget_exceeded",
]


class Failure(Part):
    """Why there is no answer: a call failed for good, or none was to be made."""

    reason: FailureReason
    message: str


class Tried(Part):
    """A model that was asked in vain before the router asked another one, or the same again, and what that came to."""

    plan: int = Field(ge=0, description="of the step")
    model: str = Field(description="as the catalogue names it")
    lane: str
    failure: Failure = Field(description="why it was left; rejected: its answer broke the output's schema or checks")
    findings: tuple[Finding, ...] = Field(default=(), description="what its answer broke")
    cache: CacheUse
    usage: Usage = Field(default_factory=Usage)
    cost_usd: Money | None = Field(description="of its attempts; null where a price is not known")
    attempts: int = Field(ge=0, description="calls made to it for this job")
    provider_s: float = Field(ge=0, description="seconds spent inside those calls")


class Provenance(Part):
    """Where an output came from."""

    prompt_sha256: Sha256 = Field(
        description="of the rendered messages with their images; where a workflow did the job, of that and the input"
    )
    fingerprint: Sha256
    model: str | None = Field(description="as the catalogue names it")
    provider_model: str | None = Field(default=None, description="as the provider reported it")
    catalog_version: str | None
    attempts: int = Field(ge=0, description="calls made to a provider for this job, those to models in `tried` too")
    tried: tuple[Tried, ...] = Field(default=(), description="models that were asked before this one, in order")
    workflow: WorkflowName | None = Field(default=None, description="that did the job; null for one question")
    sources: tuple[SourceUsed, ...] = Field(
        default=(), max_length=MAX_SOURCES, description="documents that steps have read, the first 200 of them"
    )
    reviews: tuple[Reviewed, ...] = Field(
        default=(), max_length=MAX_REVIEWS, description="what people have decided on the way, the first 200 of it"
    )
    texts: tuple[TextUsed, ...] = Field(
        default=(),
        max_length=MAX_TEXTS,
        description="of collections, that steps were given, the first 200 of them; the nearest of a step first",
    )
    steps: tuple[StepAccount, ...] = Field(default=(), description="of the workflow, in the order of their first end")


class Timing(Part):
    """Where the time of a job went."""

    submitted_at: AwareDatetime
    finished_at: AwareDatetime
    provider_s: float = Field(ge=0, description="seconds spent inside calls to a provider")


class JobFinished(Event):
    """The one result of an accepted job."""

    event_type: ClassVar[str] = "headchef.job.finished"
    version: ClassVar[int] = 1

    job: JobHead
    status: JobStatus = Field(
        description="needs_review: there is an output, and nobody has decided about it in time; failed: no answer was"
        " had; rejected: it broke the output's schema or checks; cancelled: an operator ended it before there was one"
    )
    superseded: bool = Field(default=False, description="a newer revision of the subject had finished before")
    output: Body | None = Field(description="the parsed JSON, or the text; for a rejected job what the model said")
    findings: tuple[Finding, ...] = ()
    failure: Failure | None = Field(
        default=None, description="set if and only if the status is failed or cancelled; never for `rejected`"
    )
    usage: Usage = Field(default_factory=Usage, description="of all attempts, whichever model they asked")
    cost_usd: Money | None = Field(description="of all attempts; null where a price is not known")
    cache: CacheUse
    provenance: Provenance
    timing: Timing
    decided: Decided

    @model_validator(mode="after")
    def _failure_with_its_status(self) -> Self:
        if (self.status in ("failed", "cancelled")) != (self.failure is not None):
            raise ValueError("`failure` must be set if and only if `status` is failed or cancelled")
        return self
