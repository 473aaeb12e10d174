"""Carries out `tenant set`: publishes what a tenant may spend."""

import asyncio
from datetime import UTC, datetime

from headchef_contracts.events.tenants import Limit, TenantBudget, TenantSet

from headchef.cli.broadcast import entry, publish
from headchef.cli.cluster import Cluster, named_cluster, opened, patiently
from headchef.cli.screen import Screen
from headchef.cli.somebody import somebody
from headchef.cli.tenants.asked import Asked
from headchef.tenants import TOPIC


def carry_out(asked: Asked, patience_s: float, *, as_json: bool) -> None:
    """Publish it.

    Raises:
        WrongUsage: options are wrong, and nothing was changed.
    """
    event = asked.event(somebody(), datetime.now(UTC))
    screen, cluster = Screen(as_json=as_json), named_cluster()
    asyncio.run(_publish(event, cluster, screen, patience_s))
    screen.say(
        f"{event.tenant} may spend {in_words(event.budget)}; routers and accounts heed it by themselves", "green"
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


async def _publish(event: TenantSet, cluster: Cluster, screen: Screen, patience_s: float) -> None:
    async with opened(cluster) as log:
        producer = log.producer(f"{cluster.namespace}.tenants", None)
        await patiently(producer.start, cluster=cluster, screen=screen, patience_s=patience_s)
        try:
            await publish(producer, entry(event, TOPIC, cluster.namespace, event.set_at))
        finally:
            await producer.close()
