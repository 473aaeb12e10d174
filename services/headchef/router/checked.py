"""Fills in and looks over the checks that a job asks for: what cannot be used is refused at the door. Pure."""

from collections.abc import Sequence
from typing import Any

from headchef_contracts.events.common import StepCheck
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.output import CheckSpec

from headchef.checks import Registry, faults_in
from headchef.document import dotted
from headchef.router.refusal import Refused
from headchef.schema import TEXT, shape_of
from headchef.template import Renderer, TemplateRefused, templates_in

MAX_TEMPLATES = 100
"""Among the arguments of a job's checks."""


def checks_of(
    job: JobSubmitted, values: dict[str, Any] | None, *, registry: Registry, renderer: Renderer
) -> tuple[StepCheck, ...]:
    """Give the checks of a job with their arguments filled in.

    Args:
        job: as submitted, with a schema that can be used, if any.
        values: of its input; None where it has none, and its texts are no templates.
        registry: has the checks.
        renderer: fills templates.

    Raises:
        Refused: a check that is not there, that would look nowhere, or whose arguments will not do.
    """
    if not job.output.checks:
        return ()
    if values is not None:
        _check_count(job.output.checks)
    schema = job.output.json_schema
    shape = TEXT if schema is None else shape_of(schema)
    found = []
    for number, spec in enumerate(job.output.checks):
        place = f"output.checks.{number}"
        arguments = _arguments(spec, values, place, renderer)
        asked = {"check": spec.check, "path": spec.path, **arguments}
        for fault in faults_in(asked, registry, shape):
            raise Refused("invalid", dotted((place, *fault.place)), fault.message)
        found.append(StepCheck(check=spec.check, path=spec.path, arguments=arguments))
    return tuple(found)


def _check_count(specs: Sequence[CheckSpec]) -> None:
    """Bound the time that filling may take: to compile a template takes a millisecond."""
    count = sum(templates_in(spec.model_extra) for spec in specs)
    if count > MAX_TEMPLATES:
        message = (
            f"{count} texts in arguments are templates; at most {MAX_TEMPLATES} are taken: give lists as one value"
        )
        raise Refused("invalid", "output.checks", message)


def _arguments(spec: CheckSpec, values: dict[str, Any] | None, place: str, renderer: Renderer) -> dict[str, Any]:
    given = spec.model_extra or {}
    if values is None:
        return given
    filled = {}
    for name, argument in given.items():
        try:
            filled[name] = renderer.filled(argument, {"input": values})
        except TemplateRefused as refused:
            raise Refused("template", f"{place}.{name}", str(refused)) from refused
    return filled
