"""Carries out `headchef batch compare`: reads the results of two batches, and shows them side by side."""

import asyncio
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from headchef_contracts.events.jobs import JobFinished

from headchef.cli.amounts import dollars
from headchef.cli.batches.comparison import Comparison, Pair, compared, newest
from headchef.cli.cluster import named_cluster, read_patiently
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.following.feed import open_feed
from headchef.cli.following.show import STYLES
from headchef.cli.history.describe import body_value
from headchef.cli.report.totals import totals
from headchef.cli.screen import Meter, Screen, printable
from headchef.runtime.log.port import Log

_POLL_S = 0.25
_SHOWN_IDS = 5
_DIFF = {"+": "green", "-": "red", "@": "cyan"}

Batches = tuple[dict[str, JobFinished], dict[str, JobFinished]]


def compare(names: tuple[str, str], tenant: str, *, shown: int, patience_s: float, as_json: bool) -> None:
    """Show where two batches differ.

    Args:
        names: their ids.
        tenant: whose they are.
        shown: how many jobs that differ are shown at length.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: an object a job on standard output.

    Raises:
        WrongUsage: it is one batch, not two.
        WorkFailed: one has no results, or they have no job in common.
    """
    if names[0] == names[1]:
        raise WrongUsage(f"{names[0]} is named twice", "name two batches")
    screen, cluster = Screen(as_json=as_json), named_cluster()

    async def read(log: Log, meter: Meter) -> Batches:
        return await read_batches(log, cluster.namespace, names, tenant, meter)

    both = asyncio.run(read_patiently(cluster, screen, "reading results", patience_s, read))
    found = compared(*both)
    for name, results in zip(names, both, strict=True):
        if not results:
            raise WorkFailed(f"batch {name} of tenant {tenant} has no results", "`headchef batch show` looks for it")
    if not found.pairs:
        hint = "a job has one id in both: `headchef submit FILE --id-field COLUMN`, the second time with --run 1"
        raise WorkFailed(f"{names[0]} and {names[1]} have no job in common", hint)
    if as_json:
        for pair in found.pairs:
            screen.data(_as_json(pair))
        return
    screen.write(_figures(names, both))
    for pair in found.unequal[:shown]:
        screen.write(_at_length(pair, names))
    _conclude(found, names, shown, screen)


async def read_batches(log: Log, namespace: str, names: tuple[str, str], tenant: str, meter: Meter) -> Batches:
    """Read the newest result of each job of two batches.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        names: ids of the batches.
        tenant: whose they are.
        meter: is told how far the reading is.
    """
    found: dict[str, list[JobFinished]] = {name: [] for name in names}
    feed = await open_feed(log, namespace, "start", ["jobs.finished"])
    try:
        to_read = feed.left
        while feed.left:
            for outcome in await feed.next(_POLL_S):
                event = outcome.event
                if isinstance(event, JobFinished) and event.job.tenant == tenant and event.job.batch_id in found:
                    found[event.job.batch_id].append(event)
            meter.update(to_read - feed.left, to_read)
    finally:
        await feed.close()
    return newest(found[names[0]]), newest(found[names[1]])


def _figures(names: tuple[str, str], both: Batches) -> Table:
    sums = [totals(list(results.values())) for results in both]
    laid = Table(box=None, pad_edge=False, header_style="bold")
    laid.add_column()
    for name in names:
        laid.add_column(Text(printable(name)), justify="right")
    for status in STYLES:
        if any(status in each.statuses for each in sums):
            cells = (Text(f"{each.statuses.get(status, 0):,}", STYLES[status]) for each in sums)
            laid.add_row(status.replace("_", " "), *cells)
    laid.add_row("tokens in", *(f"{each.input_tokens:,}" for each in sums))
    laid.add_row("tokens out", *(f"{each.output_tokens:,}" for each in sums))
    laid.add_row("cost", *(dollars(each.cost_usd) for each in sums))
    laid.add_row("repaired", *(f"{each.repaired:,}" for each in sums))
    return laid


def _at_length(pair: Pair, names: tuple[str, str]) -> Text:
    page = Text()
    page.append(f"\n{printable(pair.job_id)}\n", "bold")
    for line in pair.difference(names).splitlines():
        page.append(f"  {printable(line)}\n", _DIFF.get(line[:1], ""))
    page.rstrip()
    return page


def _conclude(found: Comparison, names: tuple[str, str], shown: int, screen: Screen) -> None:
    unequal = len(found.unequal)
    screen.say(f"{unequal:,} of {len(found.pairs):,} jobs came to something else", "bold")
    if unequal > shown:
        screen.say(f"{unequal - shown:,} of them are not shown; --show {unequal} shows all", "dim")
    for name, only in zip(names, (found.only_before, found.only_after), strict=True):
        if only:
            screen.say(f"only in {name}: {_listed(only)}", "yellow")


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN_IDS:,} more" if len(ids) > _SHOWN_IDS else ""
    return ", ".join(ids[:_SHOWN_IDS]) + more


def _as_json(pair: Pair) -> dict[str, Any]:
    return {
        "job_id": pair.job_id,
        "equal": pair.is_equal,
        **{
            side: {
                "status": result.status,
                "output": body_value(result.output),
                "findings": [finding.model_dump() for finding in result.findings],
                "cost_usd": None if result.cost_usd is None else format(result.cost_usd, "f"),
            }
            for side, result in (("before", pair.before), ("after", pair.after))
        },
    }
