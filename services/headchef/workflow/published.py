"""A workflow as the event that publishes it, and back."""

from datetime import datetime
from pathlib import Path

import orjson

from headchef_contracts.events.workflows import MAX_WORKFLOW_BYTES, WorkflowPublished

from headchef.checks import Registry
from headchef.document import Fault
from headchef.workflow.errors import BadWorkflow, FaultIn
from headchef.workflow.files import Packed
from headchef.workflow.model import Workflow
from headchef.workflow.reading import read

TOPIC = "workflows"


def publication(workflow: Workflow, at: datetime) -> WorkflowPublished:
    """Make the event that publishes a workflow.

    Args:
        workflow: checked.
        at: the time, UTC.

    Raises:
        BadWorkflow: with all its files it is too large.
    """
    sources = workflow.sources
    size = len(orjson.dumps([sources.text, dict(sources.prompts), dict(sources.schemas)]))
    if size > MAX_WORKFLOW_BYTES:
        message = f"with its prompts and schemas it has {size:,} bytes; at most {MAX_WORKFLOW_BYTES:,} can be published"
        raise BadWorkflow((FaultIn(workflow.path, Fault(0, "", message)),))
    return WorkflowPublished(
        entry=f"{workflow.name}/{sources.digest}",
        name=workflow.name,
        digest=sources.digest,
        text=sources.text,
        prompts=dict(sources.prompts),
        schemas=dict(sources.schemas),
        file=workflow.path.name,
        published_at=at,
    )


def read_published(event: WorkflowPublished, checks: Registry) -> Workflow:
    """Read a workflow as it was published.

    Args:
        event: holds it with all that it names.
        checks: that its steps may name.

    Raises:
        BadWorkflow: it cannot be used here, also where a newer program wrote it in a newer form, or names checks of a
            package that is not installed here.
    """
    path = Path(event.file)
    found = read(path, event.text.encode(), Packed(event.prompts, event.schemas), checks)
    if (found.name, found.sources.digest) != (event.name, event.digest):
        said = f"is {found.name}/{found.sources.digest}, and was published as {event.name}/{event.digest}"
        raise BadWorkflow((FaultIn(path, Fault(0, "", said)),))
    return found
