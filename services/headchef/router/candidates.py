"""Decides which models may be asked for a job, in order: its own with stand-ins, or its tier; if they take images."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal

from headchef_contracts.events.jobs import JobSubmitted

from headchef.catalogue import Catalogue, Model
from headchef.router.refusal import Refused

_SHOWN = 5


def candidates_for(job: JobSubmitted, catalogue: Catalogue) -> tuple[Model, tuple[str, ...]]:
    """Give the model to ask first, and the names of those to ask after it.

    Args:
        job: as submitted.
        catalogue: the models and tiers in force.

    Raises:
        Refused: the catalogue has not the model or tier, or none of those that might be asked takes the job's images.
    """
    order = _stand_ins(job, catalogue) if job.tier is None else _of_tier(job.tier, catalogue)
    able = [each for each in order if can_read(each, shows_images=bool(job.images))]
    if not able:
        raise Refused("invalid", "images", _blind(job, order, catalogue))
    return able[0], tuple(each.name for each in able[1:])


def can_read(model: Model, *, shows_images: bool) -> bool:
    """Say whether a model takes all that it would be asked."""
    return model.takes_images or not shows_images


def _stand_ins(job: JobSubmitted, catalogue: Catalogue) -> list[Model]:
    """Give the model that a job asks for, and those that stand in for it."""
    name = catalogue.default_model if job.model is None else job.model
    model = catalogue.models.get(name)
    if model is None:
        raise _unknown("model", name, catalogue.models)
    return [model, *(catalogue.models[other] for other in model.fallback)]


def _of_tier(tier: str, catalogue: Catalogue) -> list[Model]:
    names = catalogue.tiers.get(tier)
    if names is None:
        raise _unknown("tier", tier, catalogue.tiers)
    return [catalogue.models[name] for name in names]


def see_known(kind: Literal["model", "tier"], name: str, catalogue: Catalogue, field: str) -> None:
    """See that the catalogue has a model or tier.

    Args:
        kind: which of the two.
        name: of it.
        catalogue: the models and tiers in force.
        field: that names it.

    Raises:
        Refused: it has not.
    """
    known: Iterable[str] = catalogue.models if kind == "model" else catalogue.tiers
    if name not in known:
        raise _unknown(kind, name, known, field)


def _unknown(kind: str, name: str, known: Iterable[str], field: str | None = None) -> Refused:
    near = get_close_matches(name, known, n=_SHOWN)
    has = ", ".join(list(known)[:_SHOWN]) or "none"
    hint = f"did you mean {' or '.join(near)}?" if near else f"it has {has}"
    return Refused("unknown_model", field or kind, f"the catalogue has no {kind} {name!r}; {hint}")


def _blind(job: JobSubmitted, order: list[Model], catalogue: Catalogue) -> str:
    others = [each.name for each in catalogue.models.values() if each.takes_images][:_SHOWN]
    hint = f"name a model that does, such as {' or '.join(others)}" if others else "no model of the catalogue does"
    if job.tier is not None:
        return f"no model of the tier {job.tier!r} takes images; {hint}"
    stand_ins = ", nor does a stand-in of it" if order[1:] else ""
    return f"the model {order[0].name!r} takes no images{stand_ins}; {hint}"
