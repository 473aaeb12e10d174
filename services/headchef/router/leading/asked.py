"""Makes a question of a workflow's step: planned as a job of its own would be, and marked as the step's. Pure."""

from dataclasses import dataclass
from datetime import datetime

from headchef_contracts.events.common import JobHead
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.steps import Step

from headchef import equality
from headchef.catalogue import Catalogue
from headchef.checks import Registry
from headchef.router import policy
from headchef.router.leading.records import JobRecord
from headchef.schema import SchemaCache
from headchef.template import Renderer
from headchef.workflow.progress import Ask


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the step of a job that is one question; see `policy.plan`."""

    catalogue: Catalogue
    schemas: SchemaCache
    registry: Registry
    judges: equality.Registry
    renderer: Renderer
    max_prompt_bytes: int

    def plan(self, job: JobSubmitted, head: JobHead) -> Step:
        """Plan it.

        Args:
            job: the question.
            head: of the events of the job that it is for.

        Raises:
            Refused: it cannot be asked.
        """
        return policy.plan(
            job,
            head,
            catalogue=self.catalogue,
            schemas=self.schemas,
            registry=self.registry,
            judges=self.judges,
            renderer=self.renderer,
            max_prompt_bytes=self.max_prompt_bytes,
        )


def step_of(ask: Ask, record: JobRecord, planner: Planner, latest: datetime | None = None) -> Step:
    """Plan the question of a step.

    Args:
        ask: the question.
        record: of the job.
        planner: plans it.
        latest: after this time no call of it begins.

    Raises:
        Refused: it cannot be asked.
    """
    fields = ask.fields(reuse=record.cache != "bypass")
    fields |= {"job_id": record.head.job_id, "tenant": record.head.tenant}
    step = planner.plan(JobSubmitted.model_validate(fields), record.head)
    item = {} if ask.unit.item is None else {"item": ask.unit.item}
    bound = {} if latest is None else {"deadline": latest}
    return step.model_copy(update={"workflow": record.workflow, "step_id": ask.unit.step, **item, **bound})
