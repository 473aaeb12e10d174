"""Carries out `cache invalidate`: says to all caches what holds no longer, and lists what an erasure leaves."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from headchef_contracts import topics
from headchef_contracts.events.invalidations import CacheInvalidated, InvalidatedScope, entry_of

from headchef.bodies.settings import BodiesSettings
from headchef.cache.invalidations import TOPIC
from headchef.cli.broadcast import entry, publish
from headchef.cli.cluster import Cluster, named_cluster, opened, patiently
from headchef.cli.entries import entries_here
from headchef.cli.faults import WrongUsage
from headchef.cli.invalidating.asked import Asked
from headchef.cli.invalidating.remains import Remains, remaining
from headchef.cli.invalidating.templates import templates_of
from headchef.cli.screen import Screen, table
from headchef.cli.somebody import somebody
from headchef.cli.topics import lanes_or_catalogue
from headchef.runtime.log.port import Log
from headchef.runtime.settings import load


def carry_out(asked: Asked, patience_s: float, *, as_json: bool) -> None:
    """Say it, and what follows.

    Raises:
        WrongUsage: options are wrong, and nothing was said.
    """
    asked.meant()
    screen, cluster = Screen(as_json=as_json), named_cluster()
    events, left = asyncio.run(_carry_out(asked, cluster, screen, patience_s))
    if as_json:
        for event in events:
            screen.data(event.model_dump(mode="json", exclude_none=True))
        for each in left:
            screen.data(_plain(each))
        return
    for event in events:
        screen.say(in_words(event), "green")
    screen.say(
        "Caches heed it within a second, and serve no earlier answer while they cannot read it; how many run is not"
        " known here."
    )
    if left:
        rows = [(e.where, "" if e.until is None else f"{e.until:%Y-%m-%d %H:%M}", e.why) for e in left]
        laid = table("What is left of the tenant elsewhere", ("where", "until (UTC)", ""), rows)
        # Names of topics are copied into other commands: on a narrow terminal the words about them are folded.
        laid.columns[0].no_wrap = True
        screen.write(laid)


def in_words(event: CacheInvalidated) -> str:
    """Say what holds no longer: `answers with tag=menu of tenant acme that were asked for until now are …`."""
    scope = event.scope
    if event.erase:
        return f"all that caches have of tenant {scope.tenant} is deleted, and what is being asked now is not kept"
    named = next(
        (f" with {kind} {value}" for kind, value in scope.model_dump(exclude={"tenant"}, exclude_none=True).items()),
        "",
    )
    whose = "" if scope.tenant is None else f" of tenant {scope.tenant}"
    return f"answers{named}{whose} that were asked for until now are neither served nor kept"


async def _carry_out(
    asked: Asked, cluster: Cluster, screen: Screen, patience_s: float
) -> tuple[Sequence[CacheInvalidated], Sequence[Remains]]:
    async with opened(cluster) as log:
        scopes = await patiently(
            lambda: _scopes(asked, log, cluster.namespace), cluster=cluster, screen=screen, patience_s=patience_s
        )
        now, by = datetime.now(UTC), somebody()
        events = [
            CacheInvalidated(
                entry=entry_of(scope, erase=asked.erase),
                scope=scope,
                erase=asked.erase,
                because=asked.because,
                by=by,
                at=now,
            )
            for scope in scopes
        ]
        await _see_topic(log, cluster.namespace)
        producer = log.producer(f"{cluster.namespace}.cache", None)
        await patiently(producer.start, cluster=cluster, screen=screen, patience_s=patience_s)
        try:
            for event in events:
                await publish(producer, entry(event, TOPIC, cluster.namespace, event.at))
        finally:
            await producer.close()
        return events, await _left(log, cluster.namespace, now) if asked.erase else ()


async def _scopes(asked: Asked, log: Log, namespace: str) -> list[InvalidatedScope]:
    meant = asked.meant()
    if isinstance(meant, InvalidatedScope):
        return [meant]
    found = await templates_of(log, namespace, meant)
    return [InvalidatedScope(tenant=asked.tenant, template=each) for each in found]


async def _see_topic(log: Log, namespace: str) -> None:
    name = topics.physical(namespace, TOPIC)
    if name not in await log.partition_counts([name]):
        raise WrongUsage(f"the cluster has no topic {name}", "run `headchef topics create`")


async def _left(log: Log, namespace: str, now: datetime) -> list[Remains]:
    wanted = topics.required(lanes_or_catalogue(None), entries_here())
    names = {topics.physical(namespace, each.logical): each for each in wanted}
    counts = await log.partition_counts(list(names))
    there = [each for name, each in names.items() if name in counts]
    kept = await log.retentions([topics.physical(namespace, each.logical) for each in there])
    retentions = {names[name].logical: kept_s for name, kept_s in kept.items()}
    return remaining(retentions, there, load(BodiesSettings).url, now)


def _plain(left: Remains) -> dict[str, Any]:
    return {"where": left.where, "until": None if left.until is None else left.until.isoformat(), "why": left.why}
