"""Looks over how a job wants answers to be compared: a judge that cannot be used is refused at the door. Pure."""

from headchef_contracts.events.jobs import JobSubmitted

from headchef.catalogue import Catalogue
from headchef.document import dotted
from headchef.equality import Registry, faults_in, read_judge
from headchef.router.candidates import see_known
from headchef.router.refusal import Refused

_FIELD = ("semantic", "compare")


def see_comparison(job: JobSubmitted, registry: Registry, catalogue: Catalogue) -> None:
    """See that the judge of a job's answers is there and takes its arguments, and so is the model that it asks.

    Args:
        job: as submitted.
        registry: has the judges.
        catalogue: the models and tiers in force.

    Raises:
        Refused: a judge that is not there, arguments that will not do, or a model or tier that the catalogue has not.
    """
    if job.semantic is None:
        return
    for place, message in faults_in(job.semantic.compare, registry):
        raise Refused("invalid", dotted((*_FIELD, *place)), message)
    for kind, name in read_judge(job.semantic.compare, registry).asks_of.items():
        see_known(kind, name, catalogue, dotted((*_FIELD, "arguments", kind)))
