"""Carries out `headchef reservation`: lists what is held, and takes a value away from its job."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any

import typer

from headchef_contracts.events.reservations import ReservationReleased

from headchef.cli.broadcast import entry, publish
from headchef.cli.cluster import Cluster, named_cluster, opened, patiently, read_patiently
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.reservations.reading import Held, Wanted, held
from headchef.cli.screen import Screen, printable, table
from headchef.cli.somebody import somebody
from headchef.homes import HOMES
from headchef.runtime.log.port import NewRecord

_TOPIC = "reservations.asked"


def show(wanted: Wanted, *, patience_s: float, as_json: bool) -> None:
    """Show what is held.

    Args:
        wanted: which of it.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: one object a line.
    """
    screen = Screen(as_json=as_json)
    found = _read(wanted, named_cluster(), screen, patience_s)
    if as_json:
        for each in found:
            screen.data(_as_json(each))
    elif found:
        rows = [
            (each.site, each.name, each.holder.value, each.holder.job_id, f"{each.holder.since:%Y-%m-%d %H:%M:%S}")
            for each in found
        ]
        columns = ("site", "name", "value", "job", "since (UTC)")
        screen.write(table("", columns, [tuple(map(printable, row)) for row in rows]))
    else:
        screen.say("nothing is held", "green")


def take_away(wanted: Wanted, *, yes: bool, patience_s: float, as_json: bool) -> None:
    """Take one value away from the job that holds it.

    Args:
        wanted: which value.
        yes: do not ask.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: show the outcome as JSON.

    Raises:
        WrongUsage: there is nobody to ask.
        WorkFailed: nobody holds it, or whoever was asked said no.
    """
    if not yes and (as_json or not sys.stdin.isatty()):
        raise WrongUsage("there is nobody to ask here", "give --yes")
    screen, cluster = Screen(as_json=as_json), named_cluster()
    found = _read(wanted, cluster, screen, patience_s)
    if not found:
        raise WorkFailed(
            f"no job of {wanted.tenant} holds the {wanted.name} {wanted.value!r} on {wanted.site}",
            "`headchef reservation list` shows what is held",
        )
    [one] = found
    said = f"the {one.name} {one.holder.value!r} on {one.site} from the job {one.holder.job_id!r}"
    if not yes and not typer.confirm(f"Take {said}?", err=True):
        raise WorkFailed("nothing was changed")
    asyncio.run(_publish(released_of(one, wanted.tenant, somebody()), cluster, screen, patience_s))
    if as_json:
        screen.data(_as_json(one))
    screen.say(f"took {said}; another job may have it now", "green")


def released_of(one: Held, tenant: str, by: str) -> ReservationReleased:
    """Say as an event that a job holds a value no more, in none of the runs that are known; a later one may ask."""
    newest = max(one.holder.claims, default=None)
    return ReservationReleased(
        account=one.account,
        tenant=tenant,
        job_id=one.holder.job_id,
        run=newest.run if newest else 0,
        revision=newest.revision if newest else 0,
        earlier=True,
        by=by,
    )


def record_of(event: ReservationReleased, namespace: str, now: datetime) -> NewRecord:
    """Address it to the task that keeps the account."""
    return entry(event, _TOPIC, namespace, now)._replace(partition=None, among=HOMES)


def _read(wanted: Wanted, cluster: Cluster, screen: Screen, patience_s: float) -> list[Held]:
    return asyncio.run(
        read_patiently(
            cluster,
            screen,
            "reading reservations",
            patience_s,
            lambda log, meter: held(log, cluster.namespace, wanted, meter.update),
        )
    )


async def _publish(event: ReservationReleased, cluster: Cluster, screen: Screen, patience_s: float) -> None:
    async with opened(cluster) as log:
        producer = log.producer(f"{cluster.namespace}.reservations", None)
        await patiently(producer.start, cluster=cluster, screen=screen, patience_s=patience_s)
        try:
            await publish(producer, record_of(event, cluster.namespace, datetime.now(UTC)))
        finally:
            await producer.close()


def _as_json(each: Held) -> dict[str, Any]:
    holder = each.holder
    return {
        "site": each.site,
        "name": each.name,
        "value": holder.value,
        "job_id": holder.job_id,
        "since": holder.since.isoformat(),
    }
