"""Ways to break what is promised of tiers: that their models are asked in their order, and no others."""

import pytest

from headchef.catalogue import Catalogue, Model
from headchef.router import candidates


def stand_ins_asked_too(patch: pytest.MonkeyPatch) -> None:
    """Ask those as well that stand in for the models of a tier."""
    ask = candidates._of_tier

    def wrong(tier: str, catalogue: Catalogue) -> list[Model]:
        order = ask(tier, catalogue)
        names = dict.fromkeys([*(each.name for each in order), *(name for each in order for name in each.fallback)])
        return [catalogue.models[name] for name in names]

    patch.setattr(candidates, "_of_tier", wrong)


def asked_in_the_order_of_the_models(patch: pytest.MonkeyPatch) -> None:
    """Ask the models of a tier in the order in which the catalogue has them."""
    ask = candidates._of_tier

    def wrong(tier: str, catalogue: Catalogue) -> list[Model]:
        order = ask(tier, catalogue)
        return [model for model in catalogue.models.values() if model in order]

    patch.setattr(candidates, "_of_tier", wrong)
