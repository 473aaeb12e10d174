"""Gathers the prompts and schemas that a workflow file names, each once, with a fault for each that cannot be used."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from headchef.document import Document, Fault, Place
from headchef.workflow.errors import FaultIn
from headchef.workflow.files import BadFile, Beside, Prompt
from headchef.workflow.form import WorkflowFile

_T = TypeVar("_T")


@dataclass(slots=True)
class Gathered:
    """What lies beside a workflow file.

    Attributes:
        prompts: by their names with versions.
        schemas: by their names with versions.
        faults: of those that are not there, because they cannot be used.
    """

    prompts: dict[str, Prompt] = field(default_factory=dict)
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[FaultIn] = field(default_factory=list)


def gather(path: Path, beside: Beside, document: Document, file: WorkflowFile) -> Gathered:
    """Read all files that a workflow names.

    Args:
        path: the workflow file.
        beside: where they lie.
        document: what it holds, with places.
        file: the same, in its form.
    """
    found = Gathered()
    _take(found.prompts, beside.prompt, _prompts(file), path, document, found.faults)
    _take(found.schemas, beside.schema, _schemas(file), path, document, found.faults)
    return found


def _take(
    kept: dict[str, _T],
    read: Callable[[str], _T],
    named: Iterator[tuple[Place, str]],
    path: Path,
    document: Document,
    faults: list[FaultIn],
) -> None:
    tried: set[str] = set()
    for place, name in named:
        if name in tried:
            continue
        tried.add(name)
        try:
            kept[name] = read(name)
        except BadFile as bad:
            if bad.line:
                faults.append(FaultIn(bad.path, Fault(bad.line, "", bad.message)))
            else:
                faults.append(FaultIn(path, document.fault(place, f"{bad.path} {bad.message}")))


def _prompts(file: WorkflowFile) -> Iterator[tuple[Place, str]]:
    if file.prompt is not None:
        yield ("prompt",), file.prompt
    for number, step in enumerate(file.steps):
        if step.llm is not None:
            if step.llm.prompt is not None:
                yield ("steps", number, "llm", "prompt"), step.llm.prompt
            if step.llm.system is not None:
                yield ("steps", number, "llm", "system"), step.llm.system


def _schemas(file: WorkflowFile) -> Iterator[tuple[Place, str]]:
    named: list[tuple[Place, str | None]] = [
        (("input", "schema"), file.input.schema_name),
        (("output", "schema"), file.output.schema_name),
        (("result", "schema"), file.result.schema_name if file.result else None),
        *((("steps", number, "output", "schema"), step.output.schema_name) for number, step in enumerate(file.steps)),
    ]
    for place, name in named:
        if name is not None:
            yield place, name
