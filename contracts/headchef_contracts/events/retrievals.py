"""Events about collections of texts: what a step of a workflow looks for, and what was found."""

from typing import ClassVar, Self

from pydantic import AwareDatetime, Field, StrictBool, StrictInt, StrictStr, model_validator

from headchef_contracts.events.common import Body, Decided, Event, JobHead, Name, Part, Sha256, WorkflowName


class RetrievalPlanned(Event):
    """A step looks for texts; whoever searches sees to it that they are the tenant's."""

    event_type: ClassVar[str] = "headchef.retrieval.planned"
    version: ClassVar[int] = 1

    job: JobHead
    workflow: WorkflowName
    step_id: str
    item: str | None = Field(default=None, description="the key of the item that it is for; null for the whole step")
    collection: Name = Field(description="as the file of collections calls it")
    query: str = Field(min_length=1, description="what the texts shall be near to")
    equal: dict[str, StrictBool | StrictInt | StrictStr] = Field(
        default_factory=dict, description="fields of a text with what they must be"
    )
    top_k: int = Field(ge=1, le=100, description="how many texts at most")
    retries: int = Field(ge=0, description="more tries after one that may fare better later")
    deadline: AwareDatetime | None = Field(
        default=None, description="of the step: after it nothing is looked for, as after the job's own"
    )
    decided: Decided


class TextFound(Part):
    """A text that was found."""

    id: str = Field(description="as it was loaded")
    sha256: Sha256 = Field(description="of the text in UTF-8")


class TextsFound(Part):
    """Where texts come from."""

    collection: Name
    texts: tuple[TextFound, ...] = Field(default=(), max_length=100, description="the nearest first")


class RetrievalFailure(Part):
    """Why nothing could be looked for, or given."""

    reason: str = Field(description="in a word, such as unknown_collection, store, embedder or timeout")
    message: str


class RetrievalEnded(Event):
    """What came of a search: texts with where they are from, or a failure."""

    event_type: ClassVar[str] = "headchef.retrieval.ended"
    version: ClassVar[int] = 1

    job: JobHead
    workflow: WorkflowName
    step_id: str
    item: str | None = None
    output: Body | None = None
    found: TextsFound | None = Field(default=None, description="set if and only if there is an output")
    failure: RetrievalFailure | None = None
    duration_s: float = Field(ge=0, description="seconds that it took")
    decided: Decided

    @model_validator(mode="after")
    def _output_with_its_texts_or_failure(self) -> Self:
        if (self.output is None) == (self.failure is None):
            raise ValueError("exactly one of `output` and `failure` must be set")
        if (self.output is None) != (self.found is None):
            raise ValueError("`found` must be set if and only if `output` is")
        return self
