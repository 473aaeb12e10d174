"""The parts that several events share: money, bodies, the head of a job, what decided an event."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)


class Part(BaseModel):
    """A frozen piece of an event. Fields that it does not know are ignored, so that producers may go first."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class PublicPart(BaseModel):
    """A frozen piece of a public event. Fields that it does not know are refused, so that a typo is not lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Event(Part):
    """An internal or outgoing event: one version of one type, in the registry under both."""

    event_type: ClassVar[str]
    version: ClassVar[int]


class PublicEvent(Event):
    """An event that people outside write by hand: unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid")


_MONEY_PATTERN = r"^[0-9]{1,15}(\.[0-9]{1,40})?$"
_is_money = re.compile(_MONEY_PATTERN.replace("$", r"\Z")).match


def _money(value: object) -> Decimal:
    if isinstance(value, str) and _is_money(value):
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and _is_money(format(value, "f")):
        return value
    raise ValueError('must be US dollars as a decimal string, such as "0.0015"')


Money = Annotated[
    Decimal,
    PlainValidator(_money, json_schema_input_type=str),
    PlainSerializer(lambda value: format(value, "f"), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _MONEY_PATTERN, "description": "US dollars as a decimal string"}),
]
"""US dollars, never negative, as a decimal string on the wire: floats lose cents over millions of calls."""

NO_ENTRIES = frozenset({"bulk", "dlq"})
"""What no entry is called: topics of the public entry end so."""


def _ends_no_topic(name: str) -> str:
    if name in NO_ENTRIES:
        raise ValueError(f"no entry is called {name}: topics of the public entry end so")
    return name


EntryName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$"), AfterValidator(_ends_no_topic)]
"""An entry beside the public one, whose topic is `jobs.submitted.<entry>`."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""An identifier chosen by a person: 1 to 200 characters without control characters."""

MAX_RUN = 2**31 - 1
MAX_REVISION = 2**53 - 1
"""The largest whole number that every JSON parser reads exactly (RFC 8259, 6); room for time stamps as revisions."""

BatchSize = Annotated[int, Field(ge=1, le=MAX_RUN)]
"""How many jobs a batch has."""

RejectRate = Annotated[float, Field(ge=0, le=1)]
"""The share of a batch's jobs above which it is paused."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Label = Annotated[str, StringConstraints(max_length=200)]
JobClass = Literal["interactive", "bulk"]
JOB_CLASSES: tuple[JobClass, ...] = ("interactive", "bulk")
"""The classes of work, the more urgent one first."""
CacheMode = Literal["exact", "bypass"]


class Reference(Part):
    """Where a large body lies in the object store."""

    sha256: Sha256
    bytes: int = Field(ge=0, description="size of the body in bytes")
    media_type: str = Field(description="such as text/plain or application/json")


class Inline(PublicPart):
    """A body carried in the event itself."""

    inline: Any = Field(description="the body: text, or any JSON value")


class Ref(PublicPart):
    """A body carried elsewhere, named by its hash."""

    ref: Reference


Body = Inline | Ref
"""Any prompt, input or output: in the event, or a reference to the object store."""


def _body_of(kind: type, right: str) -> Callable[[object], object]:
    """Make a check that takes a bare value as an inline body, and refuses one of another kind."""

    def wrapped(value: object) -> object:
        if isinstance(value, Ref) or (isinstance(value, dict) and set(value) == {"ref"}):
            return value
        if isinstance(value, Inline):
            inline = value.inline
        else:
            inline = value["inline"] if isinstance(value, dict) and set(value) == {"inline"} else value
        if not isinstance(inline, kind):
            raise ValueError(right)
        return value if inline is not value else {"inline": value}

    return wrapped


_text = _body_of(str, 'must be a string, or a body as {"inline": "…"} or {"ref": {…}}')
_object = _body_of(dict, 'must be an object, or a body as {"inline": {…}} or {"ref": {…}}')


class InlineText(PublicPart):
    """Text carried in the event itself."""

    inline: str


class InlineObject(PublicPart):
    """A JSON object carried in the event itself."""

    inline: dict[str, Any]


PublicText = Annotated[Body, BeforeValidator(_text, json_schema_input_type=str | InlineText | Ref)]
"""Text in a public event: a plain string, or the two forms of a body."""

PublicObject = Annotated[Body, BeforeValidator(_object, json_schema_input_type=dict[str, Any] | InlineObject | Ref)]
"""A JSON object in a public event: plain, or the two forms of a body."""


MAX_OUTPUT_TOKENS = 1_000_000


class Parameters(PublicPart):
    """Sampling parameters of a model call. What is omitted is the model's own default, which is not 0."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_output_tokens: int | None = Field(default=None, ge=1, le=MAX_OUTPUT_TOKENS)
    seed: int | None = None
    stop: tuple[str, ...] | None = Field(default=None, max_length=4)


class JobHead(Part):
    """What every event of a job repeats, so that no hop needs to look the job up."""

    job_id: Name
    run: int = Field(default=0, ge=0, le=MAX_RUN, description="raised by a rerun; a job is (job_id, run, revision)")
    revision: int = Field(
        default=0, ge=0, le=MAX_REVISION, description="of the subject; an older one that ends late is superseded"
    )
    tenant: Name = "default"
    job_class: JobClass = Field(default="interactive", alias="class")
    home_partition: int = Field(ge=0, description="the partition of jobs.submitted whose task owns the job")
    batch_id: Name | None = None
    batch_size: BatchSize | None = Field(default=None, description="how many jobs the batch has, as this one says")
    batch_max_reject_rate: RejectRate | None = Field(default=None, description="of the batch, as this job says")
    conversation_id: Name | None = None
    subject: Name | None = Field(default=None, description="what the content is about, such as a page or product id")
    labels: dict[str, Label] = Field(default_factory=dict)
    deadline: AwareDatetime | None = Field(default=None, description="work is not paid for after this time")
    submitted_at: AwareDatetime
    judgement_of: str | None = Field(
        default=None,
        description="the account of the pool of questions that wants to know whether two answers are the same; such a"
        " job has no result but for that pool. Null for all that somebody has submitted",
    )


def escaped(text: Any) -> str:
    """Write what stands before a separator of a scope's name so that it holds none."""
    return str(text).replace("%", "%25").replace("/", "%2F").replace("=", "%3D")


class Cause(Part):
    """A record that led to a decision."""

    topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)


class Decided(Part):
    """What a decision was made from, so that a replay can make it again and compare."""

    at: AwareDatetime
    seed: int = Field(description="of the random source that the decision drew from; 0 where it drew nothing")
    catalog_version: str | None = Field(description="of the models and prices in force; null where none was read")
    policy_version: str
    causes: tuple[Cause, ...] = Field(min_length=1)


class Usage(Part):
    """Tokens of one or several calls, as the provider reported them."""

    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cached_input_tokens: int = Field(
        default=0, ge=0, description="part of input_tokens: read from the provider's cache of prompts"
    )
    cache_write_input_tokens: int = Field(
        default=0, ge=0, description="another part of input_tokens: written to that cache, as far as this is told"
    )
    reasoning_tokens: int = Field(default=0, ge=0, description="part of output_tokens")


WorkflowName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}@[1-9][0-9]{0,9}$")]
"""A version of a workflow: `local-landing-page@3`."""

CheckName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""The name of a check: lower case letters, digits and _, up to 63 characters."""


class StepCheck(Part):
    """A check that an answer must pass beside its schema."""

    check: CheckName
    path: str = Field(default="", description="what of the answer is looked at, such as edits[].new; empty for all")
    arguments: dict[str, Any] = Field(default_factory=dict, description="of the check, filled in")


class Finding(Part):
    """One thing that a check found in an output."""

    check: str = Field(description="the check's name, such as schema or json")
    path: str = Field(description="JSON pointer into the output; empty for the whole")
    message: str
