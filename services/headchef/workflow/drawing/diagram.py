"""What a drawing of a workflow shows: a box for each step, the input and the result, and who reads whom."""

from dataclasses import dataclass

from headchef.template import reads_of
from headchef.workflow.form import StepEntry
from headchef.workflow.model import Workflow

INPUT, RESULT = "input", "result"


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes:
        id: a step's, or one of the two that no step can have, since they hold a colon.
        title: its first line.
        details: what it does, and how often or when; a line each.
    """

    id: str
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagram:
    """All that is drawn.

    Attributes:
        name: of the workflow, with its version.
        boxes: each after those that it needs.
        arrows: pairs of ids, from what is read to who reads it.
    """

    name: str
    boxes: tuple[Box, ...]
    arrows: tuple[tuple[str, str], ...]


def diagram_of(workflow: Workflow) -> Diagram:
    """Say what is to be drawn of a workflow."""
    first, last = Box(f":{INPUT}", INPUT), Box(f":{RESULT}", RESULT)
    steps = [Box(step.id, step.id, _details(step)) for step in workflow.steps.values()]
    arrows = [
        (need, step)
        for step in workflow.steps
        for need in (sorted(workflow.needs[step], key=list(workflow.steps).index) or [first.id])
    ]
    ends = dict.fromkeys(str(read.path[0]) for read in reads_of(workflow.result.value).reads if read.root == "steps")
    arrows += [(step, last.id) for step in ends]
    return Diagram(workflow.name, (first, *steps, last), tuple(arrows))


def _details(step: StepEntry) -> tuple[str, ...]:
    lines = [_kind(step)]
    if step.for_each is not None:
        lines.append(f"for each {step.for_each.name}")
    if step.when is not None:
        lines.append(f"when {step.when.removeprefix('{{').removesuffix('}}').strip()}")
    return tuple(lines)


def _kind(step: StepEntry) -> str:
    if step.llm is not None:
        asked = step.llm.model or step.llm.tier
        return f"llm: {asked}" if asked else "llm"
    if step.python is not None:
        return step.python.call
    if step.reserve is not None:
        return f"reserve: {step.reserve.name}"
    return step.kind
