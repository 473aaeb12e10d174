"""Carries out `tenant list`: the tenants that have a budget or entries, since when and by whom."""

import asyncio

from headchef.cli.cluster import named_cluster, opened, patiently
from headchef.cli.screen import Screen, table
from headchef.cli.tenants.reading import Known, tenants_set
from headchef.cli.tenants.running import in_words


def carry_out(patience_s: float, *, as_json: bool) -> None:
    """Show all tenants that have one or the other.

    Args:
        patience_s: how long to wait for Kafka, in seconds.
        as_json: one a line, as the event has it.
    """
    screen = Screen(as_json=as_json)
    known = asyncio.run(_read(screen, patience_s))
    bounded = [event for event in known.tenants.values() if event.budget is not None or event.entries]
    if as_json:
        for event in bounded:
            screen.data(event.model_dump(mode="json"))
    elif bounded:
        rows = [
            (e.tenant, in_words(e.budget), ", ".join(e.entries) or "public", f"{e.set_at:%Y-%m-%d %H:%M:%S}", e.by)
            for e in bounded
        ]
        screen.write(table("", ("tenant", "may spend", "entries", "since (UTC)", "by"), rows))
    else:
        screen.say("no tenant has a budget, and none is bound to an entry", "green")
    if known.unreadable:
        screen.say(f"{known.unreadable:,} entries cannot be read; upgrade headchef on this machine", "yellow")


async def _read(screen: Screen, patience_s: float) -> Known:
    cluster = named_cluster()
    async with opened(cluster) as log:
        return await patiently(
            lambda: tenants_set(log, cluster.namespace), cluster=cluster, screen=screen, patience_s=patience_s
        )
