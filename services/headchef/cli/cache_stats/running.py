"""Carries out `cache stats`: reads the topics, and shows what the cache has done."""

import asyncio
from datetime import UTC, datetime

from headchef.cli.cache_stats.account import together
from headchef.cli.cache_stats.pools import standings
from headchef.cli.cache_stats.reading import Read, count_up
from headchef.cli.cache_stats.view import as_json as values
from headchef.cli.cache_stats.view import view
from headchef.cli.cluster import named_cluster, read_patiently
from headchef.cli.screen import Screen
from headchef.cli.times import since_ms


def carry_out(tenant: str | None, since: str | None, records: int, patience_s: float, *, as_json: bool) -> None:
    """Show it.

    Args:
        tenant: whose questions; None for all.
        since: from when on, as typed; None for as far back as the topics reach.
        records: at most this many of the newest records of a partition are looked at.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: one value a line.

    Raises:
        WrongUsage: `since` is no time.
        WorkFailed: there are no topics, or no cluster.
    """
    screen = Screen(as_json=as_json)
    from_ms = 0.0 if since is None else since_ms("--since", since, datetime.now(UTC))
    read = asyncio.run(_count(screen, tenant, from_ms, records, patience_s))
    rows, pools = read.account.rows(), standings(read.account.pools, read.said, tenant)
    if as_json:
        for value in values(rows, pools):
            screen.data(value)
    elif together(rows).questions or pools:
        screen.write(view(rows, pools))
    else:
        screen.say("no question" + (f" of {tenant}" if tenant else "") + " is in the topics", "dim")
    if read.skipped:
        screen.say(f"not looked at: {read.skipped:,} older records; --records looks further", "dim")
    if read.unreadable:
        screen.say(f"{read.unreadable:,} records could not be read, and are not counted", "yellow")


async def _count(screen: Screen, tenant: str | None, from_ms: float, records: int, patience_s: float) -> Read:
    cluster = named_cluster()
    return await read_patiently(
        cluster,
        screen,
        "reading questions",
        patience_s,
        lambda log, meter: count_up(
            log,
            namespace=cluster.namespace,
            tenant=tenant,
            since_ms=from_ms,
            max_records=records,
            progress=meter.update,
        ),
    )
