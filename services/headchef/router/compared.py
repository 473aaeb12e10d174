"""Looks over how a job wants answers to be compared: a judge that cannot be used is refused at the door. Pure."""

from headchef_contracts.events.jobs import JobSubmitted

from headchef.document import dotted
from headchef.equality import Registry, faults_in
from headchef.router.refusal import Refused

_FIELD = ("semantic", "compare")


def see_comparison(job: JobSubmitted, registry: Registry) -> None:
    """See that the judge of a job's answers is there and takes its arguments.

    Args:
        job: as submitted.
        registry: has the judges.

    Raises:
        Refused: a judge that is not there, or arguments that will not do.
    """
    if job.semantic is None:
        return
    for place, message in faults_in(job.semantic.compare, registry):
        raise Refused("invalid", dotted((*_FIELD, *place)), message)
