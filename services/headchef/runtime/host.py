"""A process that runs processors: assembles them, serves health, drains on a signal, and ends with a clear code."""

import asyncio
import logging
import os
import random
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from headchef.runtime.clock import Clock, SystemClock
from headchef.runtime.engine import Engine
from headchef.runtime.errors import HeadchefError
from headchef.runtime.freeze import FreezeGuard
from headchef.runtime.garbage import collect_seldom
from headchef.runtime.gauges import Gauges
from headchef.runtime.health import serve_health
from headchef.runtime.instance import hold_instance
from headchef.runtime.log.kafka.log import KafkaLog
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.port import Log
from headchef.runtime.names import names
from headchef.runtime.processor import Processor
from headchef.runtime.settings import BadSettings, RuntimeSettings, load
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.survey import surveyed
from headchef.runtime.telemetry.logs import start_logs
from headchef.runtime.telemetry.setup import Telemetry, start_telemetry

_log = logging.getLogger(__name__)

Assemble = Callable[[Surroundings], AbstractAsyncContextManager[Processor]]
"""What each service offers: opens its ports, gives its processor, closes the ports."""

WORK_FAILED = 1
WRONG_SETTINGS = 2


class Host:
    """Runs processors side by side.

    Args:
        assemblies: one for each service.
        log: where they read and write.
        settings: how.
        telemetry: where metrics and traces go.
        clock: where time comes from.
        chance: what services draw from.
    """

    def __init__(
        self,
        assemblies: Sequence[Assemble],
        *,
        log: Log,
        settings: RuntimeSettings,
        telemetry: Telemetry,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._assemblies = assemblies
        self._log = telemetry.observed(log, clock)
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._chance = chance
        self._engines: dict[str, Engine] = {}

    @property
    def engines(self) -> Mapping[str, Engine]:
        """What runs, by processor; each tells its health."""
        return self._engines

    def ready(self) -> str | None:
        """Say which processor is not at work and why, or None."""
        if len(self._engines) < len(self._assemblies):
            return "starting"
        reasons = [f"{name}: {reason}" for name, engine in self._engines.items() if (reason := engine.ready())]
        return "; ".join(reasons) or None

    async def run(self, stop: asyncio.Event) -> None:
        """Run until told to stop or until one fails; then all drain.

        Raises:
            HeadchefError: what the first one failed with.
            BadSettings: a service cannot be assembled or do its work, or its member id is taken.
        """
        async with AsyncExitStack() as stack:
            for assemble in self._assemblies:
                await self._add(assemble, stack)
            runs = [asyncio.ensure_future(engine.run(stop)) for engine in self._engines.values()]
            try:
                await asyncio.wait(runs, return_when=asyncio.FIRST_EXCEPTION)
                stop.set()
                await asyncio.wait(runs)
            finally:
                for run in runs:
                    run.cancel()
                await asyncio.gather(*runs, return_exceptions=True)
            for run in runs:
                run.result()

    async def _add(self, assemble: Assemble, stack: AsyncExitStack) -> None:
        guard = FreezeGuard(self._clock, self._settings.session_timeout_s / 2)
        metrics = self._telemetry.metrics
        processor = await stack.enter_async_context(assemble(Surroundings(self._clock, self._chance, guard, metrics)))
        group = names(self._settings.namespace, processor).group
        lock = stack.enter_context(hold_instance(group, self._settings.instance, self._settings.lock_dir))
        engine = Engine(
            processor,
            log=self._log,
            settings=self._settings,
            instance=lock.instance,
            guard=guard,
            clock=self._clock,
            metrics=metrics,
            tracer=self._telemetry.tracer(group, lock.instance, self._clock),
        )
        Gauges(engine, self._clock).register(metrics)
        self._engines[processor.name] = engine


def run(assemble: Assemble, name: str) -> None:
    """Be the main function of a service: read settings, run, and exit.

    The exit code is 0 after a drain, 1 after a failure, 2 for wrong settings.

    Args:
        assemble: the service.
        name: the service's name, for telemetry.
    """
    try:
        start_logs(os.environ.get("HEADCHEF_LOG_LEVEL", "INFO"))
        collect_seldom()
        asyncio.run(_serve(assemble, name))
    except BadSettings as error:
        sys.stderr.write(f"wrong setting: {error}\n")
        sys.exit(WRONG_SETTINGS)
    except HeadchefError as error:
        _log.error("%s ends, nothing unfinished was committed: %s", name, error)
        sys.exit(WORK_FAILED)


async def _serve(assemble: Assemble, name: str) -> None:
    settings = load(RuntimeSettings)
    kafka = load(KafkaSettings)
    telemetry = start_telemetry(f"headchef-{name}", settings.namespace, str(os.getpid()))
    log = KafkaLog(kafka)
    stop, clock = stop_on_signals(), SystemClock()
    host = Host(
        [assemble],
        log=log,
        settings=settings,
        telemetry=telemetry,
        clock=clock,
        chance=random.Random(),
    )
    comparing = surveyed(host.engines, host.ready, kafka=kafka, namespace=settings.namespace, clock=clock)
    try:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(comparing)
            if settings.health_port is not None:
                port = await stack.enter_async_context(
                    serve_health(host.engines, settings.health_host, settings.health_port)
                )
                _log.info("health on http://%s:%d/ready", settings.health_host, port)
            await host.run(stop)
    finally:
        await log.close()
        telemetry.close()


def stop_on_signals() -> asyncio.Event:
    """Give an event that SIGTERM or SIGINT sets; a second signal ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told() -> None:
        if stop.is_set():
            os._exit(WORK_FAILED)
        _log.info("stopping: work in flight is finished and committed; once more to end at once")
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, told)
    return stop
