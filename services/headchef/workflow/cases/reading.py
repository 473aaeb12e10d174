"""Loads a file of cases, and names every fault with line, column and field."""

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from headchef.checks import Registry
from headchef.document import Document, Fault, Unreadable, faults_of, read_document
from headchef.workflow.cases.form import CaseEntry, CasesFile
from headchef.workflow.cases.looking import Looking
from headchef.workflow.errors import BadWorkflow, FaultIn
from headchef.workflow.files import BadFile, read_bytes
from headchef.workflow.form import StepEntry
from headchef.workflow.model import Workflow
from headchef.workflow.progress import Judge

CASES_ENDING = ".tests.yaml"
"""Of the names of files of cases."""


def cases_file(workflow: Path) -> Path:
    """Name the file of cases of a workflow file: `guide.tests.yaml` for `guide.yaml`."""
    return workflow.with_name(f"{workflow.stem}{CASES_ENDING}")


def load_cases(
    path: Path, workflow: Workflow, *, judge: Judge, checks: Registry, hindrance: Callable[[StepEntry], str | None]
) -> tuple[CaseEntry, ...]:
    """Read and check cases.

    Args:
        path: a YAML file.
        workflow: that they test.
        judge: holds values against schemas.
        checks: that there are.
        hindrance: says why a step can neither be run nor stood in for, or None where it can.

    Raises:
        BadWorkflow: lists every fault with its place, and what would be right.
    """
    try:
        document = read_document(read_bytes(path))
    except BadFile as bad:
        raise BadWorkflow((FaultIn(path, Fault(0, "", bad.message)),)) from bad
    except Unreadable as unreadable:
        raise BadWorkflow((FaultIn(path, unreadable.fault),)) from unreadable
    cases = _form(path, document).cases
    faults = [*document.faults, *_twice(document, cases)]
    if not cases:
        faults.append(document.fault(("cases",), "has no case, so that nothing would be tested"))
    looking = Looking(workflow, judge, checks, hindrance)
    for number, case in enumerate(cases):
        faults += (document.fault(("cases", number, *place), message) for place, message in looking.faults(case))
    if faults:
        raise _bad(path, faults)
    return cases


def _form(path: Path, document: Document) -> CasesFile:
    if not isinstance(document.data, dict):
        raise _bad(path, [Fault(0, "", "is not a mapping with the field cases")])
    try:
        return CasesFile.model_validate(document.data)
    except ValidationError as error:
        raise _bad(path, [*document.faults, *faults_of(error, CasesFile, document)]) from error


def _twice(document: Document, cases: tuple[CaseEntry, ...]) -> list[Fault]:
    first: dict[str, int] = {}
    faults = []
    for number, case in enumerate(cases):
        if case.name in first:
            line = document.line_of(("cases", first[case.name], "name"))
            message = f"{case.name} is the name of another case too, on line {line}"
            faults.append(document.fault(("cases", number, "name"), message))
        first.setdefault(case.name, number)
    return faults


def _bad(path: Path, faults: list[Fault]) -> BadWorkflow:
    in_order = sorted(dict.fromkeys(faults), key=lambda fault: (fault.line, fault.column))
    return BadWorkflow(tuple(FaultIn(path, fault) for fault in in_order))
