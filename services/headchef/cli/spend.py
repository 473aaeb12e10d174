"""`headchef spend`: what calls have cost, by tenant, model, label or lane, and what an accepted result costs."""

from typing import TYPE_CHECKING, Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.spending.by import By

if TYPE_CHECKING:
    from headchef.cli.cluster import Cluster
    from headchef.cli.screen import Screen
    from headchef.cli.spending.account import Account


@guarded
def spend(
    by: Annotated[By, typer.Option(help="Whose calls are added up.")] = "tenant",
    since: Annotated[
        str | None, typer.Option(help="Only from this time on: a span such as 24h or 7d, or ISO 8601, UTC if not said.")
    ] = None,
    records: Annotated[
        int, typer.Option(min=1, help="Look at this many of the newest records of a partition at most.")
    ] = 1_000_000,
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines: one row a line, all together last.")] = False,
) -> None:
    """Show what was spent. Every call counts, also failed ones and those of jobs that failed in the end.

    A call whose cost is not known is counted apart, never as free.
    """
    import asyncio
    from datetime import UTC, datetime

    from headchef.cli.cluster import named_cluster
    from headchef.cli.screen import Screen
    from headchef.cli.spending.view import row_as_json, view
    from headchef.cli.times import since_ms

    from_ms = 0.0 if since is None else since_ms("--since", since, datetime.now(UTC))
    screen, cluster = Screen(as_json=as_json), named_cluster()
    account, skipped, unreadable = asyncio.run(_read(cluster, screen, by, from_ms, records, patience_s))
    rows = account.rows()
    if as_json:
        for row in rows:
            screen.data(row_as_json(by, row.name, row.sums))
        screen.data(row_as_json(by, None, account.total))
    elif rows:
        screen.write(view(by, rows, account.total))
    else:
        screen.say("no call and no result" + (" since then" if since else "") + " is in the topics", "dim")
    if skipped:
        screen.say(f"{skipped:,} older records were not looked at; --records looks further", "yellow")
    if unreadable:
        screen.say(f"{unreadable:,} records could not be read, and are not counted", "yellow")


async def _read(
    cluster: "Cluster", screen: "Screen", by: By, from_ms: float, records: int, patience_s: float
) -> "tuple[Account, int, int]":
    from headchef.cli.cluster import read_patiently
    from headchef.cli.spending.reading import add_up

    return await read_patiently(
        cluster,
        screen,
        "reading calls and results",
        patience_s,
        lambda log, meter: add_up(
            log, namespace=cluster.namespace, by=by, since_ms=from_ms, max_records=records, progress=meter.update
        ),
    )
