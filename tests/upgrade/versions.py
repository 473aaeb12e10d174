"""Version 2 of two events, of the tests' own, and the registries of three releases in a row.

In both a required field has another name on the wire, so that a program of one version cannot read the other. In the
program it has its old name, so that the services' own handlers do with it.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal, TypeVar

from pydantic import Field

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Event, Money
from headchef_contracts.events.steps import StepCompleted, StepDispatched
from headchef_contracts.registry import REGISTRY, Registry

Release = Literal["old", "reads", "writes"]
"""old knows version 1 only; reads reads version 2 and holds it back; writes writes it."""


class StepDispatchedV2(StepDispatched):
    """`cache` is now `looked_up`. This event also lies in the executor's timers, so in state."""

    version: ClassVar[int] = 2

    cache: CacheUse = Field(alias="looked_up")


class StepCompletedV2(StepCompleted):
    """`cost_usd` is now `paid_usd`. The cache writes this event too."""

    version: ClassVar[int] = 2

    cost_usd: Money | None = Field(alias="paid_usd")


NEWEST: Mapping[str, type[Event]] = {"StepDispatched": StepDispatchedV2, "StepCompleted": StepCompletedV2}
"""The models of version 2, by the name that the services import."""

To = TypeVar("To", bound=Event)


def _to(model: type[To]) -> Callable[[Event], To]:
    def cast(event: Event) -> To:
        return model(**{name: getattr(event, name) for name in event.model_fields_set})

    return cast


def _registry(*, held_back: bool) -> Registry:
    downcasters = {
        (StepDispatched.event_type, 2): _to(StepDispatched),
        (StepCompleted.event_type, 2): _to(StepCompleted),
    }
    return Registry(
        [*REGISTRY.models.values(), *NEWEST.values()],
        {
            (StepDispatched.event_type, 1): _to(StepDispatchedV2),
            (StepCompleted.event_type, 1): _to(StepCompletedV2),
        },
        downcasters=downcasters if held_back else {},
    )


REGISTRIES: Mapping[Release, Registry] = {
    "old": REGISTRY,
    "reads": _registry(held_back=True),
    "writes": _registry(held_back=False),
}
