"""Finds the templates of a published workflow, by which the answers to its steps can be found."""

from headchef_contracts.events.workflows import WorkflowPublished

from headchef.checks import installed
from headchef.cli.broadcast import entries
from headchef.cli.faults import WrongUsage
from headchef.cli.history.reading import open_record
from headchef.cli.invalidating.asked import OfWorkflow
from headchef.marks import template_of_step
from headchef.runtime.log.port import Log
from headchef.workflow import BadWorkflow
from headchef.workflow.published import TOPIC, read_published


async def templates_of(log: Log, namespace: str, wanted: OfWorkflow) -> tuple[str, ...]:
    """Give the hashes of the templates that are meant.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.
        wanted: the workflow, and perhaps one of its steps.

    Raises:
        WrongUsage: the workflow is not published, cannot be read here, or has no such step that asks a model.
    """
    names: dict[str, None] = {}
    for record in await entries(log, namespace, TOPIC):
        event = open_record(TOPIC, record).event
        if isinstance(event, WorkflowPublished):
            names[event.name] = None
            if event.name == wanted.name:
                return tuple(template_of_step(wanted.name, step) for step in _asking(event, wanted.step))
    known = ", ".join(names) or "none"
    raise WrongUsage(f"--template: the workflow {wanted.name} is not published", f"published are: {known}")


def _asking(event: WorkflowPublished, wanted: str | None) -> list[str]:
    try:
        steps = read_published(event, installed()).steps
    except BadWorkflow as bad:
        raise WrongUsage(f"--template: {event.name} cannot be read here: {bad}", "upgrade headchef") from bad
    asking = [name for name, step in steps.items() if step.llm is not None]
    if wanted is None:
        return asking
    if wanted not in asking:
        raise WrongUsage(
            f'--template: {event.name} has no step "{wanted}" that asks a model', f"these do: {', '.join(asking)}"
        )
    return [wanted]
