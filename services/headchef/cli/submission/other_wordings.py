"""Reads when answers to other wordings may serve, and looks at the free texts of jobs before they are sent."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.semantic import SemanticUse

from headchef.cli.faults import WrongUsage
from headchef.cli.submission.output import text_of
from headchef.cli.submission.templates import renderer
from headchef.document import Unreadable, messages_of, read_document, shown
from headchef.equality import faults_in, installed
from headchef.router.refusal import Refused
from headchef.router.semantic import free_texts_of


def semantic_of(path: Path) -> dict[str, Any]:
    """Give what jobs say of other wordings.

    Args:
        path: YAML or JSON file with the fields of `semantic`.

    Returns:
        The field `semantic` of jobs.

    Raises:
        WrongUsage: a file that cannot be used; names the place in it and what would be right.
    """
    try:
        document = read_document(text_of(path, "--semantic").encode())
    except Unreadable as unreadable:
        raise WrongUsage(f"--semantic: {shown(path, unreadable.fault)}") from unreadable
    said = document.data
    if not isinstance(said, dict):
        right = "write: {free_text: [question], purpose: answer, max_wrong: 0.02}"
        raise WrongUsage(f"--semantic: {path} is no mapping of fields", right)
    faults = list(document.faults)
    try:
        use = SemanticUse.model_validate(said)
    except ValidationError as error:
        faults += [document.fault(place, message) for place, message in messages_of(error, SemanticUse)]
    else:
        found = faults_in(use.compare, installed())
        faults += [document.fault(("compare", *place), message) for place, message in found]
    if faults:
        raise WrongUsage("--semantic: " + "\n".join(shown(path, fault) for fault in faults))
    return said


def fault_of_free_texts(job: JobSubmitted) -> tuple[str | None, str] | None:
    """Say what the router would refuse in the free texts of a job: the field and what would be right.

    Args:
        job: as it will be sent. What it refers to is not here to be looked at.
    """
    if job.semantic is None:
        return None
    bodies = {name: body for name in ("system", "prompt") if (body := getattr(job, name)) is not None}
    sources = {name: body.inline for name, body in bodies.items() if isinstance(body, Inline)}
    if len(sources) < len(bodies) or not isinstance(job.input, Inline):
        return None
    try:
        free_texts_of(job.semantic, job.input.inline, sources, renderer())
    except Refused as refused:
        return refused.field, refused.message
    return None
