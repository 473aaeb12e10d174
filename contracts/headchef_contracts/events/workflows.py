"""The event by which a workflow reaches every service: its file with all that it names, whole."""

from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, Field, StringConstraints

from headchef_contracts.events.common import Event, WorkflowName

MAX_WORKFLOW_BYTES = 1_000_000
"""Of a file with its prompts and schemas, as JSON: many pages of prompts, and a service reads it in a second."""

WorkflowDigest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class WorkflowPublished(Event):
    """A version of a workflow, which never changes: of two with one name and version the earlier one holds."""

    event_type: ClassVar[str] = "headchef.workflow.published"
    version: ClassVar[int] = 1

    entry: str = Field(description="name@version/digest: what differs is kept beside, so that the earlier one stays")
    name: WorkflowName = Field(description="as jobs name it")
    digest: WorkflowDigest = Field(
        description="the first 16 hexadecimal digits of the SHA-256 of text, prompts and schemas as canonical JSON"
    )
    text: str = Field(min_length=1, description="the YAML file as it was reviewed, comments too")
    prompts: dict[str, str] = Field(description="the prompt files, by the names that the file gives them")
    schemas: dict[str, dict[str, Any]] = Field(description="the JSON Schemas, by the names that the file gives them")
    file: str = Field(description="what the file was called, for messages that name a line of it")
    published_at: AwareDatetime
