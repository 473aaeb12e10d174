"""Ways to break what is promised of the two classes of work."""

from dataclasses import replace

import pytest

from headchef_contracts.events.common import Decided, JobClass
from headchef_contracts.events.steps import Step

from headchef.router.handler import RouterHandler
from headchef.runtime.processor import Emit
from headchef.runtime.turns import Turns


def bulk_begins_first(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Turns, *, interactive: bool, bulk: bool) -> JobClass | None:
        return "bulk" if bulk else "interactive" if interactive else None

    patch.setattr(Turns, "whose", wrong)


def all_planned_as_interactive(patch: pytest.MonkeyPatch) -> None:
    planned = RouterHandler._planned

    def wrong(self: RouterHandler, step: Step, decided: Decided) -> Emit:
        return replace(planned(self, step, decided), topic="steps.planned")

    patch.setattr(RouterHandler, "_planned", wrong)
