"""Events about sources of data: which document a step of a workflow needs, and what came of it."""

from typing import ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from headchef_contracts.events.common import Body, Decided, Event, JobHead, Part, Sha256, WorkflowName


class FetchPlanned(Event):
    """A step needs a document; all that it takes to fetch it is in the event."""

    event_type: ClassVar[str] = "headchef.fetch.planned"
    version: ClassVar[int] = 1

    job: JobHead
    workflow: WorkflowName
    step_id: str
    item: str | None = Field(default=None, description="the key of the item that it is for; null for the whole step")
    address: str = Field(description="filled in; a query may hold what not everybody may read")
    allow_hosts: tuple[str, ...] = Field(min_length=1, description="that may be asked, also after a redirect")
    read_as: Literal["json", "text", "csv"]
    max_bytes: int = Field(ge=1, description="that the document may have, once it is unpacked")
    timeout_s: float = Field(gt=0, description="seconds that it may take with all redirects and tries")
    retries: int = Field(ge=0, description="more tries after one that may fare better later")
    deadline: AwareDatetime | None = Field(
        default=None, description="of the step: after it the document is not asked for, as after the job's own"
    )
    decided: Decided


class SourceRead(Part):
    """Where a value comes from."""

    address: str = Field(description="after all redirects, without its query")
    sha256: Sha256 = Field(description="of the document's bytes")
    size_bytes: int = Field(ge=0)
    content_type: str | None = Field(default=None, description="as the server named it")


class FetchFailure(Part):
    """Why a document could not be had, or read."""

    reason: str = Field(description="in a word, such as host_not_allowed, forbidden_address, http_status or timeout")
    message: str


class FetchEnded(Event):
    """What came of a fetch: a value with its source, or a failure."""

    event_type: ClassVar[str] = "headchef.fetch.ended"
    version: ClassVar[int] = 1

    job: JobHead
    workflow: WorkflowName
    step_id: str
    item: str | None = None
    output: Body | None = None
    source: SourceRead | None = Field(default=None, description="set if and only if there is an output")
    failure: FetchFailure | None = None
    duration_s: float = Field(ge=0, description="seconds that it took")
    decided: Decided

    @model_validator(mode="after")
    def _output_with_its_source_or_failure(self) -> Self:
        if (self.output is None) == (self.failure is None):
            raise ValueError("exactly one of `output` and `failure` must be set")
        if (self.output is None) != (self.source is None):
            raise ValueError("`source` must be set if and only if `output` is")
        return self
