"""Carries out `tenant set`: publishes what a tenant may spend, and by which entries its jobs come."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from headchef_contracts import topics
from headchef_contracts.events.tenants import Limit, TenantBudget, TenantSet

from headchef.cli.broadcast import entry, publish
from headchef.cli.cluster import Cluster, named_cluster, opened, patiently
from headchef.cli.faults import WrongUsage
from headchef.cli.screen import Screen
from headchef.cli.somebody import somebody
from headchef.cli.tenants.asked import Asked
from headchef.cli.tenants.reading import tenants_set
from headchef.runtime.log.port import Log
from headchef.tenants import TOPIC


def carry_out(asked: Asked, patience_s: float, *, as_json: bool) -> None:
    """Publish it.

    Raises:
        WrongUsage: options are wrong, and nothing was changed.
    """
    by, now = somebody(), datetime.now(UTC)
    asked.event(by, now)
    screen, cluster = Screen(as_json=as_json), named_cluster()
    event = asyncio.run(_set(asked, by, now, cluster, screen, patience_s))
    doors = " or ".join(map(topics.door, event.entries)) or topics.door(None)
    screen.say(
        f"{event.tenant} may spend {in_words(event.budget)}, and its jobs are taken from {doors} alone; routers and"
        " accounts heed it by themselves",
        "green",
    )
    if as_json:
        screen.data(event.model_dump(mode="json"))


def in_words(budget: TenantBudget | None) -> str:
    """Say what may be spent: `12.50 USD a day, 9,000,000 tokens a month`."""
    if budget is None:
        return "without a bound"
    limits = (("a day", budget.day), ("a month", budget.month))
    return ", ".join(f"{_limit(limit)} {span}" for span, limit in limits if limit is not None)


def _limit(limit: Limit) -> str:
    usd = None if limit.usd is None else f"{limit.usd} USD"
    tokens = None if limit.tokens is None else f"{limit.tokens:,} tokens"
    return " and ".join(each for each in (usd, tokens) if each is not None)


async def _set(asked: Asked, by: str, now: datetime, cluster: Cluster, screen: Screen, patience_s: float) -> TenantSet:
    async with opened(cluster) as log:
        known = await patiently(
            lambda: tenants_set(log, cluster.namespace), cluster=cluster, screen=screen, patience_s=patience_s
        )
        if asked.tenant in known.newer and not asked.says_all:
            raise WrongUsage(
                f"what is set of {asked.tenant} cannot be read here, so no part of it can be kept",
                "upgrade headchef on this machine; or give a budget (or --unlimited) and entries (or --public) both",
            )
        event = asked.event(by, now, known.tenants.get(asked.tenant))
        await _see_topics(log, cluster.namespace, event.entries)
        producer = log.producer(f"{cluster.namespace}.tenants", None)
        await patiently(producer.start, cluster=cluster, screen=screen, patience_s=patience_s)
        try:
            await publish(producer, entry(event, TOPIC, cluster.namespace, event.set_at))
        finally:
            await producer.close()
    return event


async def _see_topics(log: Log, namespace: str, entries: Sequence[str]) -> None:
    """See that entries have topics: a tenant that is bound to another one could be claimed by nobody."""
    names = [topics.physical(namespace, topics.door(entry)) for entry in entries]
    found = await log.partition_counts(names) if names else {}
    for name in names:
        if name not in found:
            raise WrongUsage(
                f"--entry: there is no topic {name}",
                "name the entry in HEADCHEF_ENTRIES, run `headchef topics create`, and start the routers with it",
            )
