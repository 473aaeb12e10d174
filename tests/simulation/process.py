"""One simulated process: a service with the real runtime, which can be started, stopped, frozen and killed."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from random import Random
from typing import Any, Literal

from headchef.runtime.engine import Engine
from headchef.runtime.freeze import FreezeGuard
from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.runtime.settings import RuntimeSettings
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.metrics import Metrics
from headchef.runtime.telemetry.tracing import Tracer
from tests.simulation.broker import REQUEST_TIMEOUT_S, TRANSACTION_TIMEOUT_S, Network
from tests.simulation.clock import ShiftedClock
from tests.simulation.faults import Faults
from tests.simulation.kinds import Kind
from tests.simulation.loop import Life, SeededLoop, context_of
from tests.simulation.services import Assemble, Outside

NAMESPACE = "sim"
SESSION_S = 2.0
_ROOMY = RuntimeSettings(namespace=NAMESPACE, session_timeout_s=SESSION_S, heartbeat_s=0.6, drain_timeout_s=30.0)
_CRAMPED = {"commit_max_records": 3, "buffer_records": 1}
_IMPATIENT = {"drain_timeout_s": 1.0}
_SHARE = 0.3


def settings_of(kind: Kind, faults: Faults, chance: Random) -> RuntimeSettings:
    """Draw the runtime's settings: usual ones, tiny batches and buffers, or drains that are cut short.

    The last costs calls, and so only comes with faults that do.
    """
    cramped, impatient = chance.random() < _SHARE, chance.random() < _SHARE
    chosen: dict[str, Any] = {"processing_guarantee": kind.guarantee}
    chosen |= (_CRAMPED if cramped else {}) | (_IMPATIENT if impatient and faults.lose_calls else {})
    return _ROOMY.model_copy(update=chosen)


class SimulatedProcess:
    """A place for one process after another: each start is a new one with the same member id.

    Args:
        name: the member id.
        assemble: makes the service.
        loop: runs it.
        cluster: the log.
        network: the way there.
        outside: what its ports lead to.
        settings: of the runtime.
        chance: seeds what the service draws from.
        ended: called when its run has ended by itself, stopped or failed, with what it failed with.

    Attributes:
        life: of the newest process.
        clock: of the newest process.
        engine: of the newest process, once it has one.
        after_loss: what the next process does when records have expired; the one after it halts again.
    """

    def __init__(
        self,
        name: str,
        assemble: Assemble,
        *,
        loop: SeededLoop,
        cluster: Cluster,
        network: Network,
        outside: Outside,
        settings: RuntimeSettings,
        chance: Random,
        ended: Callable[["SimulatedProcess", BaseException | None], None],
    ) -> None:
        self.name = name
        self.engine: Engine | None = None
        self.after_loss: Literal["halt", "earliest"] = "halt"
        self.life = Life(name)
        self.life.dead = True
        self.clock = ShiftedClock(loop)
        self._assemble = assemble
        self._loop = loop
        self._cluster = cluster
        self._network = network
        self._outside = outside
        self._settings = settings
        self._chance = chance
        self._ended = ended
        self._starts = 0
        self._stop = asyncio.Event()

    @property
    def running(self) -> bool:
        """Whether there is a process that is not frozen."""
        return not (self.life.dead or self.life.frozen)

    def start(self) -> None:
        """Start a process in the place of one that is dead."""
        self._starts += 1
        self.engine = None
        self._stop = asyncio.Event()
        self.clock = ShiftedClock(self._loop)
        life = self.life = Life(f"{self.name}/{self._starts}")
        run = self._loop.create_task(self._run(life, self._stop), context=context_of(life))
        run.add_done_callback(lambda done: self._over(life, done), context=copy_context())

    def stop(self) -> None:
        """Tell the process to drain and leave, as SIGTERM does."""
        self._stop.set()

    def kill(self) -> None:
        """End the process as SIGKILL does."""
        self.life.dead = True

    def freeze(self) -> None:
        """Let the process stand still as SIGSTOP does."""
        self._loop.freeze(self.life)

    def thaw(self) -> None:
        """Let the process go on, if it was frozen and has not died."""
        self._loop.thaw(self.life)

    async def _run(self, life: Life, stop: asyncio.Event) -> None:
        clock, metrics = self.clock, Metrics()
        guard = FreezeGuard(clock, SESSION_S / 2)
        chance = Random(self._chance.random())
        log = MemoryLog(
            self._cluster,
            life.name,
            faults=self._network,
            request_timeout_s=REQUEST_TIMEOUT_S,
            transaction_timeout_s=TRANSACTION_TIMEOUT_S,
        )
        async with self._assemble(Surroundings(clock, chance, guard, metrics), self._outside) as processor:
            settings = self._settings.model_copy(update={"after_loss": self.after_loss})
            self.after_loss = "halt"
            engine = self.engine = Engine(
                processor,
                log=log,
                settings=settings,
                instance=self.name,
                guard=guard,
                clock=clock,
                metrics=metrics,
                tracer=Tracer(),
            )
            await engine.run(stop)

    def _over(self, life: Life, run: "asyncio.Future[None]") -> None:
        life.dead = True
        self._ended(self, None if run.cancelled() else run.exception())
