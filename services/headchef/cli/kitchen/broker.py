"""The cluster that services run on: the one that the environment names, or the embedded development broker."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef.cli.cluster import DEFAULT_ADDRESS, Cluster, patiently
from headchef.cli.entries import entries_here
from headchef.cli.kitchen.services import Stand
from headchef.cli.screen import Screen
from headchef.cli.topics import lanes_or_catalogue
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.kafka.topics import create
from headchef.runtime.settings import RuntimeSettings, load

EMBEDDED = "the embedded broker: in memory, at least once, for trying out; what it holds is gone when it stops"


@asynccontextmanager
async def broker(screen: Screen, *, port: int | None) -> AsyncIterator[Stand]:
    """Find or start a cluster.

    Args:
        screen: told which one it is.
        port: where the embedded broker listens; None takes a free one.

    Raises:
        BadSettings: naming the variable.
        LogRefused: there is no embedded broker for this machine, or its port is taken.
    """
    if "HEADCHEF_KAFKA" in os.environ:
        kafka = load(KafkaSettings)
        screen.say(f"Kafka at {kafka.bootstrap} (HEADCHEF_KAFKA)")
        yield Stand(kafka, load(RuntimeSettings), embedded=False)
        return
    from headchef.runtime.log.embedded import embedded_broker

    async with embedded_broker(port) as address:
        screen.say(f"Kafka at {address}: {EMBEDDED}", "yellow")
        runtime = load(RuntimeSettings).model_copy(update={"processing_guarantee": "at_least_once"})
        yield Stand(KafkaSettings(bootstrap=address, idempotence=False), runtime, embedded=True)


def default_port() -> int:
    """Give the port at which the other commands look for a broker when none is named."""
    return int(DEFAULT_ADDRESS.rpartition(":")[2])


async def make_topics(stand: Stand, screen: Screen, patience_s: float) -> int:
    """Make the topics that do not exist.

    Returns:
        How many were made.
    """
    lanes, entries, namespace = lanes_or_catalogue(None), entries_here(), stand.runtime.namespace
    made = await patiently(
        lambda: create(stand.kafka, namespace, lanes, entries),
        cluster=Cluster(stand.kafka, namespace, named=not stand.embedded),
        screen=screen,
        patience_s=patience_s,
    )
    return len(made)
