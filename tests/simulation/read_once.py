"""Reads published catalogues and workflows once for all worlds of a process: none of them changes what it has read."""

from functools import lru_cache
from pathlib import Path

from headchef_contracts.events.workflows import WorkflowPublished

from headchef.catalogue import BadCatalogue, Catalogue
from headchef.catalogue.reading import read
from headchef.checks import Registry
from headchef.workflow.model import Workflow
from headchef.workflow.published import read_published

_workflows: dict[tuple[str, str], Workflow] = {}


def read_catalogue(raw: bytes, path: Path, folder: Path) -> Catalogue:
    """Do as `read`. Raises `BadCatalogue`."""
    found = _read(raw, path, folder)
    if isinstance(found, BadCatalogue):
        raise found.with_traceback(None)
    return found


@lru_cache(maxsize=2_048)
def _read(raw: bytes, path: Path, folder: Path) -> Catalogue | BadCatalogue:
    try:
        return read(raw, path, folder)
    except BadCatalogue as bad:
        return bad


def read_workflow(event: WorkflowPublished, checks: Registry) -> Workflow:
    """Do as `read_published`, for the few workflows of the simulation and its one registry of checks."""
    key = (event.entry, event.text)
    if key not in _workflows:
        _workflows[key] = read_published(event, checks)
    return _workflows[key]
