"""Carries out `pause`, `resume` and `cancel`: count, show, ask, say it, and what follows from that."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import typer

from headchef_contracts.events.brakes import MAX_BECAUSE, BrakeAction, BrakeScope, BrakeSet, brake_of

from headchef.brakes import TOPIC, said
from headchef.cli.braking.reading import Standing, standing
from headchef.cli.braking.scope import Scoped
from headchef.cli.broadcast import entry, publish
from headchef.cli.cluster import Cluster, named_cluster, opened, patiently, read_patiently
from headchef.cli.entries import entries_here
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.screen import Screen
from headchef.cli.somebody import somebody

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_FOLLOWS: Mapping[BrakeAction, str] = {
    "pause": "no paid call begins for it from now on; `headchef resume` lifts that",
    "resume": "its jobs go on",
    "cancel": "what was submitted until now ends as cancelled, without another call",
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a brake is set.

    Attributes:
        because: why, in words; None if that is not said.
        yes: do not ask.
        max_records: of a partition, the newest, that are looked at to count jobs.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: show the outcome as JSON.
    """

    because: str | None
    yes: bool
    max_records: int
    patience_s: float
    as_json: bool


def carry_out(action: BrakeAction, scoped: Scoped, manner: Manner) -> None:
    """Set a brake, or lift one.

    Raises:
        WrongUsage: options are wrong, and nothing was changed.
        WorkFailed: whoever was asked said no.
    """
    scope, screen, cluster = scoped.scope(), Screen(as_json=manner.as_json), named_cluster()
    if manner.because is not None and len(manner.because) > MAX_BECAUSE:
        raise WrongUsage(f"--because: has {len(manner.because)} characters; at most {MAX_BECAUSE} are kept")
    if not manner.yes and (manner.as_json or not sys.stdin.isatty()):
        raise WrongUsage("there is nobody to ask here", "give --yes")
    found = asyncio.run(_standing(scope, manner, cluster, screen))
    if (why := _nothing_to_do(action, scope, found)) is not None:
        screen.say(f"{why}; nothing was changed", "green")
        _conclude(action, scope, found, (), screen)
        return
    _show(scope, found, screen)
    # Asked between two connections, so that none is kept waiting for an answer.
    if not manner.yes and not typer.confirm(f"{action.capitalize()} {scope.name}?", err=True):
        raise WorkFailed("nothing was changed")
    by, now = somebody(), datetime.now(UTC)
    events = [
        event_of(action, each, found, because=manner.because, by=by, now=now) for each in meant(action, scope, found)
    ]
    asyncio.run(_publish(events, cluster, screen, manner.patience_s))
    for event in events:
        screen.say(f"{said(event)}; {_FOLLOWS[action]}", "green")
    _conclude(action, scope, found, events, screen)


def meant(action: BrakeAction, scope: BrakeScope, found: Standing) -> Sequence[BrakeScope]:
    """Give the scopes that something is to be said of.

    Args:
        action: what is to happen.
        scope: as it was named.
        found: how things stand.

    Returns:
        The scope itself; but only what is paused can be resumed: where a batch is meant whosever it is, single tenants'
        batches with its id too.
    """
    if action != "resume":
        return [scope]
    anybodys = scope.batch_id if scope.tenant is None else None
    paused = [each.scope for each in found.brakes if each.action == "pause"]
    return [each for each in paused if each == scope or (anybodys is not None and each.batch_id == anybodys)]


def event_of(
    action: BrakeAction, scope: BrakeScope, found: Standing, *, because: str | None, by: str, now: datetime
) -> BrakeSet:
    """Say it as an event.

    Args:
        action: what is to happen.
        scope: to what.
        found: how things stand. A cancel concerns all that was counted, also where this machine's clock is behind.
        because: why, or None.
        by: who says so.
        now: the time, UTC.
    """
    set_at = now
    if action == "cancel":
        set_at = max(now, _EPOCH + timedelta(milliseconds=found.count.newest_ms))
    brake = brake_of(action, scope)
    return BrakeSet(brake=brake, action=action, scope=scope, because=because, by=by, set_at=set_at)


def _nothing_to_do(action: BrakeAction, scope: BrakeScope, found: Standing) -> str | None:
    pause = found.brakes.pause_of([scope.name])
    if action == "pause" and pause is not None:
        return f"{said(pause)}, on {pause.set_at:%Y-%m-%d %H:%M:%S} UTC"
    if action == "resume" and not meant(action, scope, found):
        paused = ", ".join(each.scope.name for each in found.brakes if each.action == "pause")
        return f"{scope.name} is not paused (paused: {paused or 'nothing'})"
    return None


async def _standing(scope: BrakeScope, manner: Manner, cluster: Cluster, screen: Screen) -> Standing:
    return await read_patiently(
        cluster,
        screen,
        "counting jobs",
        manner.patience_s,
        lambda log, meter: standing(
            log, cluster.namespace, scope, max_records=manner.max_records, progress=meter.update, entries=entries_here()
        ),
    )


async def _publish(events: Sequence[BrakeSet], cluster: Cluster, screen: Screen, patience_s: float) -> None:
    async with opened(cluster) as log:
        producer = log.producer(f"{cluster.namespace}.brakes", None)
        await patiently(producer.start, cluster=cluster, screen=screen, patience_s=patience_s)
        try:
            for event in events:
                await publish(producer, entry(event, TOPIC, cluster.namespace, datetime.now(UTC)))
        finally:
            await producer.close()


def _show(scope: BrakeScope, found: Standing, screen: Screen) -> None:
    tenants = found.count.by_tenant()
    jobs = sum(tenants.values())
    counted = "1 unfinished job" if jobs == 1 else f"{jobs:,} unfinished jobs"
    whose = ", ".join(f"{tenant} {count:,}" for tenant, count in list(tenants.items())[:5])
    screen.say(f"{scope.name}: {counted}" + (f" ({whose})" if whose else ""), "bold")
    if found.skipped:
        screen.say(f"{found.skipped:,} older records were not looked at; --records looks further", "yellow")
    if found.unreadable:
        screen.say(f"{found.unreadable:,} brakes cannot be read; upgrade headchef on this machine", "yellow")


def _conclude(
    action: BrakeAction, scope: BrakeScope, found: Standing, events: Sequence[BrakeSet], screen: Screen
) -> None:
    if screen.as_json:
        tenants = found.count.by_tenant()
        screen.data(
            {
                "action": action,
                "scope": scope.name,
                "changed": bool(events),
                "unfinished": sum(tenants.values()),
                "by_tenant": tenants,
                "not_looked_at": found.skipped,
                "set_at": events[0].set_at.isoformat() if events else None,
            }
        )
