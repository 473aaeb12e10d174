"""Carries out `tenant show`: what a tenant has spent, what is reserved, and what is left."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from headchef_contracts.events.budgets import Day, Period
from headchef_contracts.events.tenants import TenantSet

from headchef.accounts.budgets.sums import Sums
from headchef.cli.cluster import named_cluster, opened, patiently
from headchef.cli.faults import WorkFailed
from headchef.cli.screen import Screen, table
from headchef.cli.tenants.reading import sums_of, tenants_set
from headchef.runtime.log.port import Log
from headchef.tenants import day_of, next_after


def carry_out(tenant: str, patience_s: float, *, as_json: bool) -> None:
    """Show how a tenant's account stands.

    Args:
        tenant: whose.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: one period a line.

    Raises:
        WorkFailed: the tenant has no budget, so no account is kept.
    """
    screen, day = Screen(as_json=as_json), day_of(datetime.now(UTC))
    found, sums = asyncio.run(_read(tenant, day, screen, patience_s))
    if found is None or found.budget is None:
        hint = f"`headchef tenant set {tenant} --day-usd …` gives it one; `headchef spend` tells what it has spent"
        raise WorkFailed(f"the tenant {tenant!r} has no budget", hint)
    periods = [_standing(found, each) for each in sums.values()]
    if as_json:
        for period in periods:
            screen.data(period)
    else:
        rows = [row for period in periods for row in _rows(period)]
        screen.write(table("", ("", "", "limit", "spent", "reserved", "left", "ends (UTC)"), rows))


async def _read(
    tenant: str, day: Day, screen: Screen, patience_s: float
) -> tuple[TenantSet | None, Mapping[Period, Sums]]:
    cluster = named_cluster()

    async def asked(log: Log) -> tuple[TenantSet | None, Mapping[Period, Sums]]:
        known = await tenants_set(log, cluster.namespace)
        return known.tenants.get(tenant), await sums_of(log, cluster.namespace, tenant, day)

    async with opened(cluster) as log:
        return await patiently(lambda: asked(log), cluster=cluster, screen=screen, patience_s=patience_s)


def _standing(found: TenantSet, sums: Sums) -> dict[str, Any]:
    limit = None if found.budget is None else found.budget.of(sums.period)
    usd, tokens = (None, None) if limit is None else (limit.usd, limit.tokens)
    return {
        "tenant": found.tenant,
        "period": sums.period,
        "begins": sums.begins,
        "ends_at": next_after(sums.period, sums.begins).isoformat(),
        "usd": _measure(usd, sums.spent_usd, sums.out_usd),
        "tokens": _measure(tokens, sums.spent_tokens, sums.out_tokens),
    }


def _measure(limit: Any, spent: Any, out: Any) -> dict[str, Any]:
    left = None if limit is None else max(type(limit)(0), limit - spent - out)
    return {"limit": _plain(limit), "spent": _plain(spent), "reserved": _plain(out), "left": _plain(left)}


def _plain(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value


def _rows(period: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    name, ends = f"{period['period']} {period['begins']}", period["ends_at"][:16].replace("T", " ")
    for unit in ("usd", "tokens"):
        measure = period[unit]
        cells = (
            "-" if measure[each] is None else _cell(measure[each]) for each in ("limit", "spent", "reserved", "left")
        )
        yield name, {"usd": "USD"}.get(unit, unit), *cells, ends


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:,}"
