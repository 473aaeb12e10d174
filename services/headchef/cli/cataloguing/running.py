"""Carries out `catalog apply`, `diff` and `show`."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from yaml import YAMLError

from headchef_contracts.events.catalog import CatalogPublished

from headchef.cli.broadcast import publish
from headchef.cli.cataloguing.checking import Candidate, candidate, missing_here, refused, unfit_for
from headchef.cli.cataloguing.difference import Difference, differences
from headchef.cli.cataloguing.topic import newest, record_of
from headchef.cli.cluster import Cluster, named_cluster, opened, patiently
from headchef.cli.screen import Screen, table
from headchef.document import Fault
from headchef.runtime.log.port import Log

T = TypeVar("T")

_HINT = "where this machine has not what the services have, give --without-credentials"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a catalogue is applied.

    Attributes:
        dry_run: publish nothing.
        without_credentials: the services have the credentials, this machine need not.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: show the outcome as JSON.
    """

    dry_run: bool
    without_credentials: bool
    patience_s: float
    as_json: bool


def apply(path: Path, manner: Manner) -> None:
    """Check a file whole, and publish it if it differs from what is published.

    Raises:
        WrongUsage: the file is refused, and nothing was published.
    """
    screen, cluster, found = Screen(as_json=manner.as_json), named_cluster(), candidate(path)
    missing = () if manner.without_credentials else missing_here(found, os.environ)
    asyncio.run(_apply(found, missing, manner, screen, cluster))


async def _apply(
    found: Candidate, missing: tuple[Fault, ...], manner: Manner, screen: Screen, cluster: Cluster
) -> None:
    async with opened(cluster) as log:
        before, unfit = await _patiently(
            lambda: _asked(log, cluster.namespace, found), cluster, screen, manner.patience_s
        )
        if faults := sorted((*missing, *unfit), key=lambda fault: fault.line):
            fault = refused(found.path, tuple(faults))
            fault.hint = _HINT if missing else ""
            raise fault
        new = before is None or before.catalog_version != found.catalogue.version
        _show(before, found, screen)
        if new and not manner.dry_run:
            producer = log.producer(f"{cluster.namespace}.catalog", None)
            await producer.start()
            try:
                await publish(producer, record_of(found, cluster.namespace, datetime.now(UTC)))
            finally:
                await producer.close()
    version = found.catalogue.version
    if not new:
        screen.say(f"catalogue {version} is published already; nothing was changed", "green")
    elif manner.dry_run:
        screen.say(f"catalogue {version} would be published; nothing was changed", "green")
    else:
        screen.say(f"catalogue {version} is published; running services take it up by themselves", "green")


async def _asked(log: Log, namespace: str, found: Candidate) -> tuple[CatalogPublished | None, tuple[Fault, ...]]:
    return await newest(log, namespace), await unfit_for(log, namespace, found)


def diff(path: Path, patience_s: float, *, as_json: bool) -> bool:
    """Show in what a file differs from what is published, and say whether it does.

    Raises:
        WrongUsage: the file cannot be used.
    """
    screen, cluster, found = Screen(as_json=as_json), named_cluster(), candidate(path)
    before = asyncio.run(_newest(cluster, screen, patience_s))
    _show(before, found, screen)
    return before is None or before.catalog_version != found.catalogue.version


def show(patience_s: float, *, as_json: bool) -> None:
    """Write the published file, byte for byte, and say beside it which it is."""
    screen, cluster = Screen(as_json=as_json), named_cluster()
    found = asyncio.run(_newest(cluster, screen, patience_s))
    if as_json:
        screen.data(None if found is None else found.model_dump(mode="json"))
    elif found is None:
        screen.say("no catalogue is published; each service uses the file that HEADCHEF_CATALOGUE names", "yellow")
    else:
        screen.say(f"catalogue {found.catalog_version} of {found.file}, published {found.published_at}", "dim")
        sys.stdout.buffer.write(found.text.encode())
        sys.stdout.flush()


async def _newest(cluster: Cluster, screen: Screen, patience_s: float) -> CatalogPublished | None:
    async with opened(cluster) as log:
        return await _patiently(lambda: newest(log, cluster.namespace), cluster, screen, patience_s)


async def _patiently(ask: Callable[[], Awaitable[T]], cluster: Cluster, screen: Screen, patience_s: float) -> T:
    return await patiently(ask, cluster=cluster, screen=screen, patience_s=patience_s)


def _show(before: CatalogPublished | None, found: Candidate, screen: Screen) -> None:
    version = None if before is None else before.catalog_version
    rows = _differences(before, found)
    if screen.as_json:
        changes = [{"field": each.field, "published": each.before, "file": each.after} for each in rows]
        screen.data({"published": version, "file": found.catalogue.version, "differences": changes})
        return
    if rows:
        cells = [(each.mark, each.field, each.before or "", each.after or "") for each in rows]
        screen.write(table("", ("", "field", "published", "file"), cells))
        screen.say(f"published: {version or 'none'}; {found.path}: {found.catalogue.version}", "dim")
    elif version == found.catalogue.version:
        screen.say(f"{found.path} is what is published, byte for byte", "dim")
    else:
        screen.say(f"{found.path} says the same as what is published, in other words ({version} is published)", "dim")


def _differences(before: CatalogPublished | None, found: Candidate) -> list[Difference]:
    try:
        return differences(None if before is None else before.text, found.text)
    except (ValidationError, YAMLError):
        # Published by another release, in a form that this one does not know.
        return differences(None, found.text)
