"""Says in words what pauses a batch, and how it goes on."""

import shlex

from headchef_contracts.events.brakes import BrakeSet


def paused(pause: BrakeSet) -> str:
    """Say who paused it, since when and why: `paused by ann@desk-7 since 2026-11-27 09:30:00 UTC: wrong prices`."""
    why = f": {pause.because}" if pause.because else ""
    return f"paused by {pause.by} since {pause.set_at:%Y-%m-%d %H:%M:%S} UTC{why}"


def way_on(pause: BrakeSet) -> str:
    """Name the commands after which it goes on, or ends."""
    options = {"--batch": pause.scope.batch_id, "--tenant": pause.scope.tenant}
    named = " ".join(f"{option} {shlex.quote(value)}" for option, value in options.items() if value is not None)
    return f"`headchef resume {named}` lets it go on, and `headchef cancel {named}` ends it"
