"""Makes a question of a workflow's step: planned as a job of its own would be, and marked as the step's. Pure."""

from typing import Protocol

from headchef_contracts.events.common import CacheMode, JobHead
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.steps import Step

from headchef.workflow.progress import Ask


class Planner(Protocol):
    """Plans the step of a job that is one question."""

    def __call__(self, job: JobSubmitted, head: JobHead) -> Step:
        """Plan it.

        Args:
            job: the question.
            head: of the events of the job that it is for.

        Raises:
            Refused: it cannot be asked.
        """
        ...


def step_of(ask: Ask, *, head: JobHead, workflow: str, cache: CacheMode, plan: Planner) -> Step:
    """Plan the question of a step.

    Args:
        ask: the question.
        head: of the job.
        workflow: its name with version.
        cache: whether earlier answers may serve for this job.
        plan: plans it.

    Raises:
        Refused: it cannot be asked.
    """
    fields = ask.fields() | {"job_id": head.job_id, "tenant": head.tenant}
    if cache == "bypass":
        fields["cache"] = "bypass"
    step = plan(JobSubmitted.model_validate(fields), head)
    item = {} if ask.unit.item is None else {"item": ask.unit.item}
    return step.model_copy(update={"workflow": workflow, "step_id": ask.unit.step, **item})
