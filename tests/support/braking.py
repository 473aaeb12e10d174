"""Brakes as operators set them: events made from a few words."""

from datetime import UTC, datetime
from typing import Any

from headchef_contracts.events.brakes import BrakeAction, BrakeScope, BrakeSet, brake_of

from tests.support.builders import NOON


def make_brake(
    action: BrakeAction = "pause", *, set_at: datetime = NOON, because: str | None = None, **scope: Any
) -> BrakeSet:
    """Make the event; without a scope it is said of tenant acme."""
    named = BrakeScope(**(scope or {"tenant": "acme"}))
    return BrakeSet(
        brake=brake_of(action, named),
        action=action,
        scope=named,
        because=because,
        by="ann@desk-7",
        set_at=set_at.astimezone(UTC),
    )
