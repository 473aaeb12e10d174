"""The form of a workflow file, as Pydantic checks it. The descriptions are part of messages and of the reference."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from headchef_contracts.events.common import CacheMode, Name, Parameters
from headchef_contracts.events.reviews import Otherwise
from headchef_contracts.events.semantic import SemanticUse

from headchef.sources.address import host_of
from headchef.sources.wanted import ReadAs
from headchef.workflow.entry import MAX_AT_ONCE, Identifier, Template
from headchef.workflow.entry import Entry as _Entry
from headchef.workflow.reserving import ReserveEntry
from headchef.workflow.retrieving import RetrieveEntry

WorkflowName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Lower case letters, digits and -, up to 63 characters: it stands before the @ in `name@version`."""

PromptName = Annotated[str, StringConstraints(pattern=r"^[^@\s][^@]*@[1-9][0-9]{0,8}$")]
"""A prompt file with the version that it must have: `prompts/outline.j2@4`."""

SchemaName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}\.v[1-9][0-9]{0,8}$")]
"""A schema with its version: `outline.v1` is the file `schemas/outline.v1.json`."""

FunctionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
With = dict[Identifier, Any]
"""Values for a prompt or a function, by name; a text with `{{ … }}` in it, however deep, is a template."""


def _readable(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        host_of(entry)
    return entries


Hosts = Annotated[tuple[str, ...], Field(min_length=1, max_length=50), AfterValidator(_readable)]
"""Hosts without scheme and path, each with a port if it is another than the scheme's."""

Usd = Annotated[Decimal, Field(gt=0, le=1_000_000, max_digits=18, decimal_places=12, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=30 * 86_400, allow_inf_nan=False)]
KINDS = ("llm", "http", "python", "retrieve", "audit", "human", "reserve")
"""What a step can be; each step has one of these fields."""


class BudgetEntry(_Entry):
    """What a job or a step may use up."""

    usd: Usd | None = Field(default=None, description="US dollars, such as 0.15")
    tokens: int | None = Field(default=None, ge=1, le=10**12, description="tokens in and out together, such as 60000")
    seconds: Seconds | None = Field(
        default=None, description="seconds from its beginning in which calls may begin, such as 300"
    )


class WholeBudgetEntry(BudgetEntry):
    """What a job may use up, and what becomes of it then."""

    seconds: Seconds | None = Field(
        default=None, description="seconds from when the job was submitted, after which it fails, such as 300"
    )

    on_exceed: Literal["fail", "finish_cheaper", "partial"] = Field(
        default="fail",
        description="fail: the job ends; finish_cheaper: what is left goes to the cheapest models; partial: the job"
        " ends with what it has",
    )


class RetryEntry(_Entry):
    """How often each kind of failure is tried again."""

    transport: int = Field(default=4, ge=0, le=20, description="more calls after one that came to no answer, such as 4")
    validation: int = Field(default=2, ge=0, le=10, description="repairs of an answer that fails its checks, such as 2")
    truncation: int = Field(
        default=1, ge=0, le=5, description="more calls, with more room, after an answer that was cut off, such as 1"
    )


def _refuse_both(model: str | None, tier: str | None) -> None:
    if model is not None and tier is not None:
        raise ValueError("give `model` or `tier`, not both")


class DefaultsEntry(_Entry):
    """What holds for steps that do not say."""

    model: Name | None = Field(default=None, description="a model of the catalogue; its default if neither is given")
    tier: Name | None = Field(default=None, description="a tier of the catalogue, such as small")
    cache: CacheMode = Field(default="exact", description="exact or bypass")
    retry: RetryEntry = Field(default_factory=RetryEntry, description="how often each kind of failure is tried again")

    @model_validator(mode="after")
    def _one_is_asked(self) -> Self:
        _refuse_both(self.model, self.tier)
        return self


class InputEntry(_Entry):
    """What a job must bring."""

    schema_name: SchemaName | None = Field(
        default=None, alias="schema", description="of the job's input, such as landing_input.v1"
    )
    identity: tuple[Identifier, ...] = Field(
        default=(),
        description="fields of the input that make jobs differ, such as [sku]: equal wherever an answer is reused for"
        " another wording",
    )


class OutputEntry(_Entry):
    """What a step's output must look like."""

    schema_name: SchemaName | None = Field(
        default=None, alias="schema", description="of the output, such as outline.v1; free text or any JSON without"
    )


class CheckEntry(BaseModel):
    """A check of an output; its own arguments stand beside its name."""

    model_config = ConfigDict(frozen=True, extra="allow")

    check: Identifier = Field(description="the name of a check, such as chars")
    path: str = Field(default="", max_length=1000, description="what of the output is looked at, such as edits[].new")


class LlmEntry(_Entry):
    """A question to a model."""

    prompt: PromptName | None = Field(
        default=None, description="a prompt file with its version, such as prompts/outline.j2@4"
    )
    text: Template | None = Field(default=None, description="the prompt itself, in place of a file")
    system: PromptName | None = Field(default=None, description="a file for the system prompt, with its version")
    with_values: With = Field(
        default_factory=dict, alias="with", description="values for the prompt, such as {facts: '{{ steps.facts }}'}"
    )
    model: Name | None = Field(default=None, description="a model of the catalogue")
    tier: Name | None = Field(default=None, description="a tier of the catalogue, such as medium")
    parameters: Parameters = Field(default_factory=Parameters, description="sampling parameters of the call")

    @model_validator(mode="after")
    def _one_prompt(self) -> Self:
        if (self.prompt is None) == (self.text is None):
            raise ValueError("give the prompt as `prompt: file@version` or as `text`, one of the two")
        _refuse_both(self.model, self.tier)
        return self


class HttpEntry(_Entry):
    """A source of data, read over HTTP."""

    get: Template = Field(description="the address, such as '{{ input.facts_url }}'")
    allow_hosts: Hosts = Field(
        description="hosts that may be asked, also after a redirect, such as [pim.example.com]; with a port if it is"
        " another than the usual, as in pim.example.com:8443"
    )
    read_as: ReadAs = Field(
        default="json", alias="as", description="json, text (of HTML what a reader sees) or csv (a list of rows)"
    )
    max_kb: int = Field(
        default=1024, ge=1, le=16_384, description="the most KiB that are read, once unpacked, such as 256"
    )
    timeout_s: Seconds = Field(
        default=20.0, description="seconds that it may take, with all redirects and tries, such as 20"
    )


class PythonEntry(_Entry):
    """A function of the user's own package."""

    call: FunctionName = Field(description="a registered function, such as content.assemble_page")
    with_values: With = Field(
        default_factory=dict, alias="with", description="its arguments, such as {meta: '{{ steps.meta }}'}"
    )
    timeout_s: Seconds = Field(default=30.0, description="seconds that it may take, such as 30")


class AuditEntry(_Entry):
    """Rules held against a document, which give a score."""

    target: Template = Field(description="the document, such as '{{ steps.page }}'")
    facts: Template | None = Field(default=None, description="what it may say, such as '{{ steps.facts }}'")
    rules: tuple[CheckEntry, ...] = Field(
        min_length=1, max_length=100, description="checks, such as [{check: chars, path: title, max: 60}]"
    )


class HumanEntry(_Entry):
    """A person's decision."""

    review: Template = Field(description="what is to be looked at, such as '{{ steps.page }}'")
    within: Seconds = Field(description="seconds that the decision may take, such as 86400")
    otherwise: Otherwise = Field(
        description="what holds if nobody decides in time: approve; reject; or needs_review, with which the job goes"
        " on, and its result says so"
    )


class ForEachEntry(_Entry):
    """The step is run for each item of a list."""

    items: Template = Field(alias="in", description="the list, such as '{{ steps.outline.sections }}'")
    name: Identifier = Field(alias="as", description="what one item is called in templates, such as section")
    key: Identifier | None = Field(
        default=None, description="the field that tells items apart, such as id; their number in the list without"
    )
    concurrency: int = Field(default=8, ge=1, le=MAX_AT_ONCE, description="items that are worked on at once, such as 4")
    min_success: float = Field(default=1.0, ge=0, le=1, description="the share of items that must succeed, such as 0.9")


class StepEntry(_Entry):
    """One step: what it does, when, and what becomes of its failure."""

    id: Identifier = Field(description="the name of the step, such as outline; its output is steps.outline")
    llm: LlmEntry | None = Field(default=None, description="a question to a model")
    http: HttpEntry | None = Field(default=None, description="data read over HTTP")
    python: PythonEntry | None = Field(default=None, description="a registered function")
    retrieve: RetrieveEntry | None = Field(default=None, description="texts near to a query")
    audit: AuditEntry | None = Field(default=None, description="rules held against a document")
    human: HumanEntry | None = Field(default=None, description="a person's decision")
    reserve: ReserveEntry | None = Field(default=None, description="a value that no other job may have")
    when: Template | None = Field(
        default=None, description="whether it runs, such as '{{ steps.audit.score < 85 }}'; a skipped step is null"
    )
    for_each: ForEachEntry | None = Field(default=None, description="run it for each item of a list")
    output: OutputEntry = Field(default_factory=OutputEntry, description="what its output must look like")
    checks: tuple[CheckEntry, ...] = Field(
        default=(), max_length=100, description="checks of its output, such as [{check: chars, path: title, max: 60}]"
    )
    on_error: Literal["fail", "continue_with", "drop"] = Field(
        default="fail",
        description="fail: the job fails; continue_with: a value stands in; drop: the step, or the item, is left out",
    )
    continue_with: Any = Field(default=None, description="what stands in for the output with on_error: continue_with")
    cache: CacheMode | None = Field(default=None, description="exact or bypass")
    semantic: SemanticUse | None = Field(
        default=None, description="when an answer to another wording of a question to a model may serve"
    )
    retry: RetryEntry | None = Field(default=None, description="how often each kind of failure is tried again")
    budget: BudgetEntry | None = Field(default=None, description="what the step may use up")

    @property
    def kind(self) -> str:
        """Which of `KINDS` it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            found = f"has {' and '.join(given)}" if given else "says not what it does"
            raise ValueError(f"{found}; a step has one of {', '.join(KINDS)}")
        if ("continue_with" in self.model_fields_set) != (self.on_error == "continue_with"):
            raise ValueError("give `continue_with` if and only if `on_error` is continue_with")
        return self


class ResultEntry(_Entry):
    """What a job's output is."""

    value: Template = Field(alias="from", description="the output, such as '{{ steps.final }}'")
    schema_name: SchemaName | None = Field(default=None, alias="schema", description="that it must obey")


class WorkflowFile(_Entry):
    """A whole file: steps and a result, or one prompt."""

    workflow: WorkflowName = Field(description="the name, such as local-landing-page")
    version: int = Field(ge=1, le=10**9, description="raised with each change, such as 3")
    input: InputEntry = Field(default_factory=InputEntry, description="what a job must bring")
    defaults: DefaultsEntry = Field(default_factory=DefaultsEntry, description="what holds for steps that do not say")
    budget: WholeBudgetEntry = Field(default_factory=WholeBudgetEntry, description="what a job may use up")
    steps: tuple[StepEntry, ...] = Field(
        default=(), max_length=200, description="the steps; their order follows from what they read"
    )
    result: ResultEntry | None = Field(default=None, description="what a job's output is")
    prompt: PromptName | None = Field(
        default=None, description="a prompt file with its version, in place of steps and result: one call to a model"
    )
    output: OutputEntry = Field(default_factory=OutputEntry, description="what the answer to the prompt must look like")
    checks: tuple[CheckEntry, ...] = Field(
        default=(), max_length=100, description="checks of that answer, such as [{check: chars, path: title, max: 60}]"
    )

    @model_validator(mode="after")
    def _steps_or_one_prompt(self) -> Self:
        given = self.model_fields_set
        if self.prompt is None:
            if not self.steps or self.result is None:
                raise ValueError("give `steps` and `result`, or one `prompt`")
            if stray := sorted(given & {"output", "checks"}):
                raise ValueError(f"`{stray[0]}` belongs to a step; at the top it goes with `prompt` alone")
        elif stray := sorted(given & {"steps", "result"}):
            raise ValueError(f"`prompt` is one call, without `{stray[0]}`: make it a step, or leave the others out")
        return self
