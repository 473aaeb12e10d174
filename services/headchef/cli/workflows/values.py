"""Reads what a run of a workflow is given: its input, and outputs that stand in for steps."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import orjson

from headchef.cli.faults import WrongUsage
from headchef.extensions import NoSuchExtension
from headchef.functions import Functions
from headchef.workflow import Workflow
from headchef.workflow.form import StepEntry
from headchef.workflow.identity import left_out
from headchef.workflow.progress import Judge


def input_of(text: str | None, workflow: Workflow, judge: Judge) -> Any:
    """Read a job's input.

    Args:
        text: JSON, or @ and the name of a file; None for nothing.
        workflow: whose schema it must obey.
        judge: holds it against that.

    Raises:
        WrongUsage: it is no JSON, or breaks the schema.
    """
    values = {} if text is None else _json(text, "--input")
    name = workflow.file.input.schema_name
    if findings := judge.findings(values, workflow.schema(name), ()):
        told = "\n".join(f"{finding.path or 'the whole'}: {finding.message}" for finding in findings)
        raise WrongUsage(f"--input does not obey {name}\n{told}")
    if missing := left_out(workflow, values):
        raise WrongUsage("\n".join(f"--input: {name} {message}" for name, message in missing.items()))
    return values


def given_of(texts: Sequence[str], workflow: Workflow, judge: Judge) -> dict[str, Any]:
    """Read the outputs that stand in for steps.

    Args:
        texts: each as STEP=JSON or STEP=@FILE.
        workflow: that has the steps.
        judge: holds each against its step's schema.

    Raises:
        WrongUsage: there is no such step, it is no JSON, or breaks the step's schema.
    """
    given = {}
    for text in texts:
        step, sign, value = text.partition("=")
        if not sign or step not in workflow.steps:
            steps = ", ".join(workflow.steps)
            raise WrongUsage(f'--given: "{text[:60]}" names no step', f"STEP=JSON or STEP=@FILE; the steps are {steps}")
        given[step] = _json(value, f"--given {step}")
        name = workflow.steps[step].output.schema_name
        schema = workflow.schema(name)
        if schema is not None and workflow.steps[step].for_each is not None:
            schema = {"type": "array", "items": schema}
        if findings := judge.findings(given[step], schema, ()):
            raise WrongUsage(f"--given {step} does not obey {name}: {findings[0].path} {findings[0].message}")
    return given


def check_runnable(workflow: Workflow, given: Collection[str], functions: Functions) -> None:
    """See that all steps can be run before the first one costs anything.

    Args:
        workflow: that is to be run.
        given: ids of steps whose outputs are given.
        functions: that steps may call.

    Raises:
        WrongUsage: some cannot; names each, and what would be right.
    """
    faults = [
        f"step {step.id}: {why}"
        for step in workflow.steps.values()
        if step.id not in given and (why := hindrance(step, functions)) is not None
    ]
    if faults:
        raise WrongUsage("\n".join(faults))


def hindrance(step: StepEntry, functions: Functions) -> str | None:
    """Say why a step cannot be run from here, or None if it can.

    Args:
        step: the step.
        functions: that steps may call.
    """
    if step.python is not None:
        try:
            functions.named(step.python.call)
        except NoSuchExtension as error:
            return str(error)
    return None


def _json(text: str, option: str) -> Any:
    source = text
    if text.startswith("@"):
        try:
            source = Path(text[1:]).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUsage(f"{option}: {text[1:]} cannot be read: {error}") from error
    try:
        return orjson.loads(source)
    except orjson.JSONDecodeError as error:
        raise WrongUsage(f"{option}: line {error.lineno}, column {error.colno}: {error.msg}") from error
