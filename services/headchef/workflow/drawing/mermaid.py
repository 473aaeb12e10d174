"""Writes a workflow as a Mermaid flow chart, which GitHub, GitLab and most wikis draw."""

from headchef.workflow.drawing.diagram import Box, diagram_of
from headchef.workflow.model import Workflow


def mermaid(workflow: Workflow) -> str:
    """Write a flow chart, with a newline at its end."""
    diagram = diagram_of(workflow)
    lines = ["---", f"title: {diagram.name}", "---", "flowchart TD"]
    lines += [f'    {_name(box.id)}["{_label(box)}"]' for box in diagram.boxes]
    lines += [f"    {_name(one)} --> {_name(other)}" for one, other in diagram.arrows]
    return "\n".join(lines) + "\n"


def _name(box: str) -> str:
    """Give a name that is no word of Mermaid's, such as `end`."""
    return f"of_{box[1:]}" if box.startswith(":") else f"step_{box}"


def _label(box: Box) -> str:
    return "<br/>".join(_escaped(line) for line in (box.title, *box.details))


def _escaped(text: str) -> str:
    """Write what Mermaid would read as markup by the numbers of its characters."""
    return "".join(f"#{ord(each)};" if each in '"#&;<>`\\' else each for each in text)
