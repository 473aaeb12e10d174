"""Reads from options which earlier answers hold no longer."""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from headchef_contracts.events.common import Name, WorkflowName
from headchef_contracts.events.invalidations import MAX_BECAUSE, InvalidatedScope

from headchef.cli.faults import WrongUsage

_name: TypeAdapter[str] = TypeAdapter(Name)
_workflow: TypeAdapter[str] = TypeAdapter(WorkflowName)
_is_hash = re.compile(r"[0-9a-f]{64}").fullmatch
_ONE = "--tag, --template, --source or --tenant"


@dataclass(frozen=True, slots=True)
class OfWorkflow:
    """The templates of a workflow that is to be looked up.

    Attributes:
        name: with its version.
        step: one of its steps; None for all that ask a model.
    """

    name: str
    step: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The options; None where one was not given.

    Attributes:
        tag: of jobs.
        template: a hash, or a workflow with or without a step.
        source: a hash, or a file.
        tenant: whose answers.
        erase: all that caches have of the tenant is to be deleted.
        because: why, in words.
    """

    tag: str | None = None
    template: str | None = None
    source: str | None = None
    tenant: str | None = None
    erase: bool = False
    because: str | None = None

    def meant(self) -> InvalidatedScope | OfWorkflow:
        """Say what is meant: a scope, or the templates of a workflow.

        Raises:
            WrongUsage: an option is wrong, or they do not go together.
        """
        given = [
            f"--{option}"
            for option, value in (("tag", self.tag), ("template", self.template), ("source", self.source))
            if value is not None
        ]
        if self.erase and (given or self.tenant is None):
            raise WrongUsage("--erase is of a whole tenant", "give it with --tenant alone")
        if not given and self.tenant is None:
            raise WrongUsage("nothing says which answers hold no longer", f"give {_ONE}")
        if len(given) > 1:
            raise WrongUsage(
                f"{' and '.join(given)} name different answers: one is invalidated at a time",
                "run the command once for each; --tenant may stand beside any of them",
            )
        if self.because is not None and len(self.because) > MAX_BECAUSE:
            raise WrongUsage(f"--because has {len(self.because)} characters", f"write {MAX_BECAUSE} at most")
        for option, value in (("--tag", self.tag), ("--tenant", self.tenant)):
            if value is not None:
                _check_name(option, value)
        if self.template is not None and not _is_hash(self.template):
            return _of_workflow(self.template)
        source = None if self.source is None else _source(self.source)
        return InvalidatedScope(tenant=self.tenant, tag=self.tag, template=self.template, source=source)


def _check_name(option: str, value: str) -> None:
    try:
        _name.validate_python(value)
    except ValidationError as error:
        raise WrongUsage(
            f'{option}: "{value}" cannot be', "a name has 1 to 200 characters, and no control characters"
        ) from error


def _of_workflow(text: str) -> OfWorkflow:
    name, _, step = text.partition("/")
    try:
        return OfWorkflow(_workflow.validate_python(name), step or None)
    except ValidationError as error:
        raise WrongUsage(
            f'--template: "{text}" is no template',
            "give a hash of 64 hexadecimal digits, as `headchef explain JOB --json` shows it, or a workflow as"
            " name@version, or one of its steps as name@version/step",
        ) from error


def _source(text: str) -> str:
    if _is_hash(text):
        return text
    try:
        return sha256(Path(text).read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        raise WrongUsage(
            f'--source: "{text}" is no hash, and no file that can be read',
            "give the SHA-256 that `provenance` of a result names, 64 hexadecimal digits, or the file itself",
        ) from error
