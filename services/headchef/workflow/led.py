"""What the services cannot do yet of what a workflow may say."""

from collections.abc import Iterator

from headchef.workflow.model import Workflow

LED = ("llm", "http", "python", "audit", "human", "reserve", "retrieve")
"""Kinds of steps that the services run."""


def hindrances(workflow: Workflow) -> Iterator[str]:
    """Give what keeps a workflow from being led by the services, each in a sentence."""
    for step in workflow.steps.values():
        if step.kind not in LED:
            yield f"step {step.id}: {step.kind} steps are not run by the services yet"
