"""Events about calls of users' functions: what a step of a workflow calls, and what came of it."""

from typing import Any, ClassVar, Self

from pydantic import AwareDatetime, Field, model_validator

from headchef_contracts.events.common import Body, Decided, Event, JobHead, Part, Reference, WorkflowName


class CallPlanned(Event):
    """A step calls a function; all that it needs is in the event."""

    event_type: ClassVar[str] = "headchef.call.planned"
    version: ClassVar[int] = 1

    job: JobHead
    workflow: WorkflowName
    step_id: str
    item: str | None = Field(default=None, description="the key of the item that it is for; null for the whole step")
    function: str = Field(description="its name, as packages register it")
    arguments: dict[str, Any] = Field(
        description="filled in, by the names of the function's parameters; none where there is a reference"
    )
    arguments_reference: Reference | None = Field(default=None, description="to the arguments, where they are large")
    timeout_s: float = Field(gt=0, description="seconds that it may take")
    deadline: AwareDatetime | None = Field(
        default=None, description="of the step: after it the call does not begin, as after the job's own"
    )
    decided: Decided


class CallFailure(Part):
    """Why a function has given nothing that can be used."""

    reason: str = Field(description="in a word, such as timeout, crashed, raised, not_json or unknown_function")
    message: str


class CallEnded(Event):
    """What came of a call. Exactly one of output and failure is set."""

    event_type: ClassVar[str] = "headchef.call.ended"
    version: ClassVar[int] = 1

    job: JobHead
    workflow: WorkflowName
    step_id: str
    item: str | None = None
    output: Body | None = None
    failure: CallFailure | None = None
    duration_s: float = Field(ge=0, description="seconds that it took")
    decided: Decided

    @model_validator(mode="after")
    def _output_or_failure(self) -> Self:
        if (self.output is None) == (self.failure is None):
            raise ValueError("exactly one of `output` and `failure` must be set")
        return self
