"""Carries out `headchef workflow`: what is found in workflows, and their drawings."""

from collections.abc import Sequence
from pathlib import Path

from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.screen import Screen
from headchef.workflow import BadWorkflow, Workflow, load
from headchef.workflow.drawing import DrawingNeedsIgraph, mermaid, svg


def check(files: Sequence[Path], *, as_json: bool) -> bool:
    """Check workflows one after the other, and tell what was found.

    Args:
        files: the workflows.
        as_json: one object a file on standard output.

    Returns:
        Whether all can be used.
    """
    screen = Screen(as_json=as_json)
    good = True
    for path in files:
        try:
            found = load(path)
        except BadWorkflow as bad:
            good = False
            _tell_faults(path, bad, screen)
        else:
            _tell(path, found, screen)
    return good


def draw(path: Path, picture: str, output: Path | None) -> None:
    """Draw a workflow.

    Args:
        path: of the workflow.
        picture: mermaid or svg.
        output: the file to write; None for standard output.

    Raises:
        WrongUsage: the workflow has faults, or the layout for an SVG is not installed.
        WorkFailed: the file cannot be written.
    """
    try:
        workflow = load(path)
        drawn = mermaid(workflow) if picture == "mermaid" else svg(workflow)
    except BadWorkflow as bad:
        raise WrongUsage(f"{path} has {_counted(len(bad.faults), 'fault')}\n{bad}") from bad
    except DrawingNeedsIgraph as missing:
        raise WrongUsage(str(missing)) from missing
    if output is None:
        print(drawn, end="")  # noqa: T201 data, which no screen may wrap
        return
    try:
        output.write_text(drawn)
    except OSError as error:
        raise WorkFailed(f"{output}: cannot be written: {error.strerror}") from error
    Screen().say(f"{output}: {workflow.name}")


def _tell(path: Path, found: Workflow, screen: Screen) -> None:
    if screen.as_json:
        screen.data({"file": str(path), "workflow": found.name, "steps": list(found.steps), "faults": []})
        return
    counts = ((len(found.steps), "step"), (len(found.prompts), "prompt"), (len(found.schemas), "schema"))
    screen.say(f"{path}: {found.name} can be used: {', '.join(_counted(*each) for each in counts)}")


def _tell_faults(path: Path, bad: BadWorkflow, screen: Screen) -> None:
    if not screen.as_json:
        screen.say(f"{path} has {_counted(len(bad.faults), 'fault')}\n{bad}")
        return
    faults = [
        {
            "file": str(each.path),
            "line": each.fault.line or None,
            "column": each.fault.column or None,
            "field": each.fault.field or None,
            "message": each.fault.message,
        }
        for each in bad.faults
    ]
    screen.data({"file": str(path), "workflow": None, "steps": [], "faults": faults})


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
