"""Chooses the cheapest model for a question of a job that is beyond its budget. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from headchef_contracts.events.steps import Step

from headchef.catalogue import Catalogue, Model
from headchef.router.asking import asked_of, shows_images
from headchef.router.candidates import can_read
from headchef.router.leading.budget import expected_of


def of_the_cheapest(step: Step, catalogue: Catalogue, *, pinned: bool) -> Step:
    """Plan a question for the model that is expected to take the least money for it.

    Args:
        step: as it would be planned, perhaps after other plans.
        catalogue: the models in force.
        pinned: whether the workflow names the model itself: then that and those after it are the choice, and of the
            whole catalogue otherwise.

    Returns:
        The step itself where that model is asked already, or no price is known.
    """
    named = {step.request.model, *step.candidates}
    choice = [model for model in _able(step, catalogue) if not pinned or model.name in named]
    costs = [(usd, model) for model in choice if (usd := _expected_usd(step, model, catalogue)) is not None]
    if not costs:
        return step
    # Among equals the one that is to be asked anyhow.
    _, cheapest = min(costs, key=lambda each: (each[0], each[1].name != step.request.model))
    if cheapest.name == step.request.model:
        return step
    left = tuple(name for name in step.candidates if name != cheapest.name)
    return asked_of(step, cheapest, left, catalogue, {"plan": step.plan})


def _able(step: Step, catalogue: Catalogue) -> Iterator[Model]:
    """Give the models that can answer: they take all that is shown, give as much as is asked for, and are not tried."""
    tried = {each.model for each in step.tried} - {step.request.model}
    wanted = step.request.parameters.max_output_tokens or 0
    for model in catalogue.models.values():
        has_room = model.max_output_tokens is None or model.max_output_tokens >= wanted
        if model.name == step.request.model or (
            has_room and model.name not in tried and can_read(model, shows_images=shows_images(step))
        ):
            yield model


def _expected_usd(step: Step, model: Model, catalogue: Catalogue) -> Decimal | None:
    request = step.request
    question = {"model": model.name, "messages": request.messages[: step.question]}
    return expected_of(step.model_copy(update={"request": request.model_copy(update=question)}), catalogue).usd
