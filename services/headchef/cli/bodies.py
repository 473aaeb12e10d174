"""Large bodies for people: read from the object store that the environment names, else shown by name."""

from contextlib import suppress
from typing import TypeVar, cast

from headchef_contracts.events.common import Event

from headchef.bodies import Bodies, StoreAway
from headchef.bodies.opening import open_bodies
from headchef.runtime.clock import SystemClock
from headchef.runtime.telemetry.metrics import Metrics

E = TypeVar("E", bound=Event)


def bodies_here() -> Bodies | None:
    """Give what reads bodies; None where HEADCHEF_BODIES is not set.

    Raises:
        BadSettings: it names no store.
    """
    return open_bodies(SystemClock(), Metrics())


async def with_values(event: E, bodies: Bodies | None) -> E:
    """Give an event with its bodies in it; those that cannot be had just now, or at all, are told of and stay out."""
    if bodies is not None:
        with suppress(StoreAway):
            return cast(E, await bodies.opened(event))
    return event
