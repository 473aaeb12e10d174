"""Ways to break what is promised of the two classes of work."""

from dataclasses import replace

import pytest

from headchef_contracts.events.common import Decided, JobClass
from headchef_contracts.events.steps import Step

from headchef.router import asking
from headchef.runtime.processor import Emit
from headchef.runtime.turns import Turns


def bulk_begins_first(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Turns, *, interactive: bool, bulk: bool) -> JobClass | None:
        return "bulk" if bulk else "interactive" if interactive else None

    patch.setattr(Turns, "whose", wrong)


def all_planned_as_interactive(patch: pytest.MonkeyPatch) -> None:
    planned = asking.planned

    def wrong(step: Step, decided: Decided, identity: str | None = None) -> Emit:
        return replace(planned(step, decided, identity), topic="steps.planned")

    patch.setattr("headchef.router.handler.planned", wrong)
