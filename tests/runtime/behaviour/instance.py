"""One process that runs the processor under test, which a test can stop, kill or cut off."""

import asyncio

from headchef.runtime.clock import Clock
from headchef.runtime.engine import Engine
from headchef.runtime.freeze import FreezeGuard
from headchef.runtime.log.port import Log
from headchef.runtime.processor import Processor
from headchef.runtime.settings import RuntimeSettings
from headchef.runtime.telemetry.metrics import Metrics
from headchef.runtime.telemetry.tracing import Tracer
from tests.support.backends import Backend
from tests.support.eventually import PATIENCE_S
from tests.support.hooked_log import HookedLog


class Instance:
    """One process that runs the processor.

    Args:
        processor: what it runs.
        settings: how.
        name: of the static member.
        log: its own.
        backend: of all logs.
        clock: where time comes from.

    Attributes:
        engine: its engine.
        log: its log, which a test can cut off.
        failure: what its run ended with, if it has.
    """

    def __init__(
        self, processor: Processor, settings: RuntimeSettings, name: str, *, log: Log, backend: Backend, clock: Clock
    ) -> None:
        self.name = name
        self._backend = backend
        self.log = HookedLog(log)
        guard = FreezeGuard(clock, settings.session_timeout_s / 2)
        self.guard = guard
        self.engine = Engine(
            processor,
            log=self.log,
            settings=settings,
            instance=f"{settings.namespace}-{name}",
            guard=guard,
            clock=clock,
            metrics=Metrics(),
            tracer=Tracer(),
        )
        self._stop = asyncio.Event()
        self._run = asyncio.ensure_future(self.engine.run(self._stop))

    @property
    def tasks(self) -> set[int]:
        """The tasks that it has."""
        return set(self.engine.owned())

    @property
    def ended(self) -> bool:
        """Whether its run has ended."""
        return self._run.done()

    async def failure(self) -> BaseException | None:
        """Wait for the end of its run, and give what it ended with."""
        done, _ = await asyncio.wait([self._run], timeout=PATIENCE_S)
        assert done, f"{self.name} still runs"
        return self._run.exception()

    async def stop(self) -> None:
        """Stop it as SIGTERM does."""
        self._stop.set()
        failure = await self.failure()
        if failure is not None:
            raise failure

    async def kill(self) -> None:
        """End it as SIGKILL does."""
        self.log.die()
        await self._backend.kill(self.log.inner)

    async def clear_up(self) -> None:
        """Let go of what a dead or living process still holds in this one."""
        self.log.die()
        while not self._run.done():
            # Again and again, since its last words to the log are never answered.
            self._run.cancel()
            await asyncio.sleep(0)
