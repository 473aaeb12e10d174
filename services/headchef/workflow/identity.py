"""What makes jobs of a workflow differ, where answers may be reused for other wordings: it must be there. Pure."""

from collections.abc import Mapping
from typing import Any

from headchef.workflow.model import Workflow


def left_out(workflow: Workflow, values: Any) -> Mapping[str, str]:
    """Say which fields of `input.identity` a job leaves out, where any step may reuse answers to other wordings.

    Args:
        workflow: the job's.
        values: of its input.

    Returns:
        What is wrong, by the field's name.
    """
    if all(step.semantic is None for step in workflow.steps.values()):
        return {}
    known = values if isinstance(values, Mapping) else {}
    message = f"is left out, and {workflow.name} tells by it which answers may be reused: give it, also as null"
    return {name: message for name in workflow.file.input.identity if name not in known}
