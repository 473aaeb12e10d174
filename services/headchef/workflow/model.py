"""A workflow that can be run: its file, checked, with all that the file names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from headchef.canonical import canonical
from headchef.workflow.form import LlmEntry, ResultEntry, StepEntry, WorkflowFile

ONLY_STEP = "main"
"""The one step of a workflow that is a single prompt."""


@dataclass(frozen=True)
class Sources:
    """The files of a workflow as they were written.

    Attributes:
        text: of the workflow file.
        prompts: whole files, by their names with versions.
        schemas: by their names with versions.
    """

    text: str
    prompts: Mapping[str, str]
    schemas: Mapping[str, dict[str, Any]]

    @cached_property
    def digest(self) -> str:
        """Tell these files from others that have the same name and version: 16 hexadecimal digits."""
        return sha256(canonical([self.text, dict(self.prompts), dict(self.schemas)])).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow.

    Attributes:
        path: of the file that it was read from.
        file: what that file says.
        steps: by id, each after all that it needs.
        needs: which steps each step reads, by id.
        result: what a job's output is.
        prompts: the templates, by their names with versions.
        schemas: JSON Schemas, by their names with versions.
        sources: the files themselves, to be published.
    """

    path: Path
    file: WorkflowFile
    steps: Mapping[str, StepEntry]
    needs: Mapping[str, frozenset[str]]
    result: ResultEntry
    prompts: Mapping[str, str]
    schemas: Mapping[str, dict[str, Any]]
    sources: Sources

    @property
    def name(self) -> str:
        """The name with its version, by which jobs ask for it."""
        return f"{self.file.workflow}@{self.file.version}"

    def schema(self, name: str | None) -> dict[str, Any] | None:
        """Give a schema by its name with version; None, which anything obeys, where none is named."""
        return None if name is None else self.schemas[name]


def steps_of(file: WorkflowFile) -> tuple[StepEntry, ...]:
    """Give the steps of a file; a single prompt is one too."""
    if file.prompt is None:
        return file.steps
    asked = LlmEntry.model_validate({"prompt": file.prompt})
    return (StepEntry(id=ONLY_STEP, llm=asked, output=file.output, checks=file.checks),)


def result_of(file: WorkflowFile) -> ResultEntry:
    """Give what the output of a job is; for a single prompt it is the answer."""
    if file.result is not None:
        return file.result
    return ResultEntry.model_validate({"from": f"{{{{ steps.{ONLY_STEP} }}}}"})
