"""Puts values in the places of the references by which a job names its prompt, system prompt or input. Pure."""

from headchef_contracts.events.common import Body, Inline, Ref
from headchef_contracts.events.jobs import JobSubmitted

from headchef.bodies import BodiesAtHand, BodyUnusable
from headchef.router.refusal import Refused
from headchef.schema import depth_of

_KINDS = {"prompt": (str, "a text"), "system": (str, "a text"), "input": (dict, "a JSON object")}


def with_values(job: JobSubmitted, at_hand: BodiesAtHand, max_depth: int) -> JobSubmitted:
    """Give a job that refers to nothing.

    Args:
        job: as submitted.
        at_hand: has what it refers to.
        max_depth: levels of objects and arrays that an input may have.

    Raises:
        NotAtHand: some of that has to be read first.
        Refused: a reference leads to nothing that can be used; names the field.
    """
    referred = {name: body.ref for name in _KINDS if isinstance(body := getattr(job, name), Ref)}
    if not referred:
        return job
    values: dict[str, Body] = {}
    try:
        at_hand.need(job.tenant, referred.values())
    except BodyUnusable as unusable:
        raise Refused("unsupported_reference", next(iter(referred)), unusable.message) from unusable
    for name, reference in referred.items():
        try:
            value = at_hand.value(job.tenant, reference)
        except BodyUnusable as unusable:
            raise Refused("unsupported_reference", name, unusable.message) from unusable
        kind, right = _KINDS[name]
        if not isinstance(value, kind):
            message = f"the body {reference.sha256}, of {reference.media_type}, must be {right}"
            raise Refused("unsupported_reference", name, message)
        if depth_of(value, max_depth) > max_depth:
            raise Refused("invalid", name, f"nested deeper than {max_depth} levels")
        values[name] = Inline(inline=value)
    return job.model_copy(update=values)
