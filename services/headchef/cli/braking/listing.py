"""Carries out `headchef brakes`: lists what is set, since when, by whom and why."""

import asyncio

from headchef_contracts.events.brakes import BrakeSet

from headchef.cli.braking.reading import brakes_set
from headchef.cli.cluster import named_cluster, opened, patiently
from headchef.cli.screen import Screen, table

_DONE = {"pause": "paused", "cancel": "cancelled"}


def carry_out(patience_s: float, *, as_json: bool) -> None:
    """Show all brakes that are set.

    Args:
        patience_s: how long to wait for Kafka, in seconds.
        as_json: one a line, as the event has it.
    """
    screen = Screen(as_json=as_json)
    found, unreadable = asyncio.run(_read(screen, patience_s))
    if as_json:
        for event in found:
            screen.data(event.model_dump(mode="json", exclude_none=True))
    elif found:
        rows = [(_DONE[e.action], e.scope.name, f"{e.set_at:%Y-%m-%d %H:%M:%S}", e.by, e.because or "") for e in found]
        screen.write(table("", ("", "scope", "since (UTC)", "by", "because"), rows))
    else:
        screen.say("no brake is set", "green")
    if unreadable:
        screen.say(f"{unreadable:,} brakes cannot be read; upgrade headchef on this machine", "yellow")


async def _read(screen: Screen, patience_s: float) -> tuple[list[BrakeSet], int]:
    cluster = named_cluster()
    async with opened(cluster) as log:
        brakes, unreadable = await patiently(
            lambda: brakes_set(log, cluster.namespace), cluster=cluster, screen=screen, patience_s=patience_s
        )
    return list(brakes), unreadable
