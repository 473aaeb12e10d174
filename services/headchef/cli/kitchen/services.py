"""Runs all services in this process, on one event loop."""

import asyncio
import os
import random
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from headchef.accounts.__main__ import assemble as accounts
from headchef.batches.__main__ import assemble as batches
from headchef.cache.__main__ import assemble as cache
from headchef.executor.__main__ import assemble as executor
from headchef.fetcher.__main__ import assemble as fetcher
from headchef.functions.__main__ import assemble as functions
from headchef.retriever.__main__ import assemble as retriever
from headchef.router.__main__ import assemble as router
from headchef.runtime.clock import SystemClock
from headchef.runtime.health import serve_health
from headchef.runtime.host import Host
from headchef.runtime.log.kafka.log import KafkaLog
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.settings import RuntimeSettings
from headchef.runtime.survey import surveyed
from headchef.runtime.telemetry.setup import start_telemetry
from headchef.validator.__main__ import assemble as validator

ASSEMBLIES = (
    router,
    cache,
    executor,
    validator,
    functions,
    fetcher,
    retriever,
    batches,
    accounts,
)

_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the services run.

    Attributes:
        kafka: the cluster.
        runtime: how processors run.
        embedded: whether the cluster is the development broker, started by this process.
    """

    kafka: KafkaSettings
    runtime: RuntimeSettings
    embedded: bool


async def run_services(stand: Stand, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Run all services until told to stop; then drain them.

    Args:
        stand: where.
        stop: set from outside to drain.
        ready: called once, when all have their tasks.

    Raises:
        HeadchefError: what one of them failed with.
        BadSettings: one cannot be assembled.
    """
    log, clock = KafkaLog(stand.kafka), SystemClock()
    telemetry = start_telemetry("headchef-up", stand.runtime.namespace, str(os.getpid()))
    host = Host(ASSEMBLIES, log=log, settings=stand.runtime, telemetry=telemetry, clock=clock, chance=random.Random())

    async def announce() -> None:
        while host.ready() is not None:
            await clock.sleep(_LOOK_S)
        ready()

    announcing = asyncio.ensure_future(announce())
    try:
        async with AsyncExitStack() as stack:
            if stand.runtime.health_port is not None:
                health = serve_health(host.engines, stand.runtime.health_host, stand.runtime.health_port)
                await stack.enter_async_context(health)
            if not stand.embedded:
                # The development broker keeps no settings of topics.
                namespace = stand.runtime.namespace
                comparing = surveyed(host.engines, host.ready, kafka=stand.kafka, namespace=namespace, clock=clock)
                await stack.enter_async_context(comparing)
            await host.run(stop)
    finally:
        announcing.cancel()
        with suppress(asyncio.CancelledError):
            await announcing
        await log.close()
        telemetry.close()
