"""Says what a question of a workflow's step was made from, so that its answer can be invalidated by it. Pure."""

from collections.abc import Iterator

from headchef_contracts.events.steps import Step

from headchef.marks import marks_of, template_of_step
from headchef.router.leading.led import Led
from headchef.workflow.order import reached


def marked(step: Step, led: Led) -> Step:
    """Give a planned question its marks.

    Its sources are those of all steps that its own step reads, directly or not: rather one too many than one too few.

    Args:
        step: as it was planned.
        led: its job.
    """
    template = template_of_step(led.record.workflow, step.step_id)
    marks = marks_of(led.record.cache_tags, template, _sources(step.step_id, led))
    return step.model_copy(update={"marks": marks})


def _sources(step_id: str, led: Led) -> Iterator[str]:
    needs = led.progress.workflow.needs
    read = reached(needs, needs[step_id])
    found = {(number, sha256) for step in read for sha256, number in led.sources.get(step, {}).items()}
    return (sha256 for _, sha256 in sorted(found))
