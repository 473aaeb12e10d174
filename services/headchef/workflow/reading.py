"""Loads a workflow file with all that it names: checks it whole, and names every fault with file, line and field."""

from pathlib import Path

from pydantic import ValidationError

from headchef.checks import Registry, installed
from headchef.document import Document, Fault, Unreadable, faults_of, read_document
from headchef.workflow.checking import Checking
from headchef.workflow.errors import BadWorkflow, FaultIn
from headchef.workflow.files import BadFile, Beside, Folder, read_bytes
from headchef.workflow.form import WorkflowFile
from headchef.workflow.gathering import gather
from headchef.workflow.model import Sources, Workflow, result_of, steps_of
from headchef.workflow.order import ordered


def load(path: Path, checks: Registry | None = None) -> Workflow:
    """Read and check a workflow.

    Args:
        path: a YAML file; its prompts and schemas lie in the same folder or below.
        checks: that its steps may name; by default those of all packages that are installed.

    Raises:
        BadWorkflow: lists every fault with its file, line and field, and what would be right.
    """
    try:
        raw = read_bytes(path)
    except BadFile as bad:
        raise _whole(path, bad.message) from bad
    return read(path, raw, Folder(path.parent), checks)


def read(path: Path, raw: bytes, beside: Beside, checks: Registry | None = None) -> Workflow:
    """Check a workflow that was read; see `load`.

    Args:
        path: of the file, for messages.
        raw: what it holds.
        beside: where the files lie that it names.
        checks: that its steps may name.
    """
    try:
        document = read_document(raw)
    except Unreadable as unreadable:
        raise BadWorkflow((FaultIn(path, unreadable.fault),)) from unreadable
    form = _form(path, document)
    gathered = gather(path, beside, document, form)
    checking = Checking(path, document, form, gathered, checks or installed())
    checking.run()
    faults = [*(FaultIn(path, each) for each in document.faults), *gathered.faults, *checking.faults]
    if faults:
        raise BadWorkflow(_in_order(path, faults))
    by_id = {step.id: step for step in steps_of(form)}
    return Workflow(
        path=path,
        file=form,
        steps={name: by_id[name] for name in ordered(checking.needs)},
        needs={name: frozenset(needs) for name, needs in checking.needs.items()},
        result=result_of(form),
        prompts={name: prompt.text for name, prompt in gathered.prompts.items()},
        schemas=gathered.schemas,
        sources=Sources(
            raw.decode(), {name: prompt.whole for name, prompt in gathered.prompts.items()}, gathered.schemas
        ),
    )


def _form(path: Path, document: Document) -> WorkflowFile:
    if not isinstance(document.data, dict):
        raise _whole(path, "is not a mapping with the fields workflow, version, steps and result")
    try:
        return WorkflowFile.model_validate(document.data)
    except ValidationError as error:
        found = [*document.faults, *faults_of(error, WorkflowFile, document)]
        raise BadWorkflow(_in_order(path, [FaultIn(path, each) for each in found])) from error


def _whole(path: Path, message: str) -> BadWorkflow:
    return BadWorkflow((FaultIn(path, Fault(0, "", message)),))


def _in_order(path: Path, faults: list[FaultIn]) -> tuple[FaultIn, ...]:
    """Put the faults of the workflow file first, and each file's in the order of their places, each once."""
    once = dict.fromkeys(faults)
    return tuple(sorted(once, key=lambda each: (each.path != path, str(each.path), each.fault.line, each.fault.column)))
