"""What the services cannot do yet of what a workflow may say."""

from collections.abc import Iterator

from headchef.workflow.model import Workflow

LED = ("llm", "python", "audit")
"""Kinds of steps that the services run."""


def hindrances(workflow: Workflow) -> Iterator[str]:
    """Give what keeps a workflow from being led by the services, each in a sentence."""
    budget = workflow.file.budget
    if budget.usd is not None or budget.tokens is not None:
        yield "budget: usd and tokens are not heeded by the services yet, and would promise what nobody keeps"
    if budget.on_exceed != "fail":
        yield f"budget.on_exceed: {budget.on_exceed} is not done by the services yet; fail is"
    for step in workflow.steps.values():
        if step.kind not in LED:
            yield f"step {step.id}: {step.kind} steps are not run by the services yet"
        if step.budget is not None:
            yield f"step {step.id}: budgets of steps are not heeded by the services yet"
