"""Decides which models may be asked for a job, in order: its own and its stand-ins, as far as they take images."""

from difflib import get_close_matches

from headchef_contracts.events.jobs import JobSubmitted

from headchef.catalogue import Catalogue, Model
from headchef.router.refusal import Refused

_SHOWN_MODELS = 5


def candidates_for(job: JobSubmitted, catalogue: Catalogue) -> tuple[Model, tuple[str, ...]]:
    """Give the model to ask first, and the names of those to ask after it.

    Args:
        job: as submitted.
        catalogue: the models in force.

    Raises:
        Refused: the catalogue has not the model, or neither it nor a stand-in takes the job's images.
    """
    model = _named(job, catalogue)
    order = [model, *(catalogue.models[name] for name in model.fallback)]
    able = [each for each in order if can_read(each, shows_images=bool(job.images))]
    if not able:
        raise Refused("invalid", "images", _blind(model, catalogue))
    return able[0], tuple(each.name for each in able[1:])


def can_read(model: Model, *, shows_images: bool) -> bool:
    """Say whether a model takes all that it would be asked."""
    return model.takes_images or not shows_images


def _named(job: JobSubmitted, catalogue: Catalogue) -> Model:
    name = catalogue.default_model if job.model is None else job.model
    model = catalogue.models.get(name)
    if model is None:
        near = get_close_matches(name, catalogue.models, n=_SHOWN_MODELS)
        known = list(catalogue.models)[:_SHOWN_MODELS]
        hint = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(known)}"
        raise Refused("unknown_model", "model", f"the catalogue has no model {name!r}; {hint}")
    return model


def _blind(model: Model, catalogue: Catalogue) -> str:
    others = [each.name for each in catalogue.models.values() if each.takes_images][:_SHOWN_MODELS]
    hint = f"name a model that does, such as {' or '.join(others)}" if others else "no model of the catalogue does"
    stand_ins = ", nor does a stand-in of it" if model.fallback else ""
    return f"the model {model.name!r} takes no images{stand_ins}; {hint}"
