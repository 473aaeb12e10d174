"""A small world in which batches are counted and nothing else happens, so that other worlds become no dearer.

Processes of the one processor on the log in memory die, stand still and are stopped while the network loses and delays;
in some worlds the topics grow on the way.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import cast

from headchef_contracts import topics

from headchef.batches.__main__ import NAME
from headchef.batches.__main__ import processor as batches_processor
from headchef.batches.settings import BatchesSettings
from headchef.brakes import TOPIC
from headchef.cli.broadcast import entry
from headchef.runtime.errors import LogError, LogRefused, OffsetLost
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import NewRecord, Partition
from headchef.runtime.processor import Processor
from headchef.runtime.surroundings import Surroundings
from tests.simulation.broker import Network
from tests.simulation.clock import ShiftedClock
from tests.simulation.cluster import Gap, WatchedCluster
from tests.simulation.counting.jobs import RESUMED_AT, drawn
from tests.simulation.faults import Faults
from tests.simulation.kinds import Kind
from tests.simulation.loop import Life, SeededLoop, current_life
from tests.simulation.process import NAMESPACE, SESSION_S, SimulatedProcess, settings_of
from tests.simulation.services import Outside
from tests.support.braking import make_brake
from tests.support.log_client import publish

COUNTED = "batches.counted"
INPUTS = ("jobs.finished", "jobs.refused", COUNTED)
HOMES, PARTITIONS, GROWN = 3, 3, 5
WARM_UP = 3
BOUND_S = 120.0
"""Virtual seconds within which all is counted, once faults have stopped."""

_SETTINGS = BatchesSettings(homes=HOMES, warm_up=WARM_UP)
_UNDER_FAULTS_S = 6.0
_INSTANCES = 2
_TURNS = 10_000
_MINUTE_S = 60.0
_FREEZE_SESSIONS = 2.5
_RESTART_S = (0.1, 3.0)
_LOOK_S = 0.25
_HEARD_S = 3.0


class CountingWorld:
    """Everything of one seed. Made while its loop runs.

    Args:
        seed: decides all that is not decided by the arguments.
        kind: what is promised.
        faults: what goes wrong.
        loop: the running loop.

    Attributes:
        cluster: the log.
        drawn: what jobs come to.
        failures: what processes ended with that no fault explains.
        counted_before: where each partition of batches.counted ended when batches were resumed; empty if none was.
    """

    def __init__(self, seed: int, kind: Kind, faults: Faults, loop: SeededLoop) -> None:
        self.cluster = WatchedCluster(kind, ShiftedClock(loop), lambda *_: None, self._behind)
        self.drawn = drawn(Random(f"{seed} counting jobs"))
        self.failures: list[str] = []
        self.counted_before: dict[int, int] = {}
        self._kind, self._faults, self._loop = kind, faults, loop
        self._chance = Random(f"{seed} counting")
        self._network = Network(faults, Random(f"{seed} counting network"))
        self._outside = MemoryLog(self.cluster, "outside")
        self._over = False
        self._names = [
            topic.logical
            for topic in topics.required([])
            if NAME in (*topic.readers, *topic.writers) or topic.logical.removesuffix(".dlq") in INPUTS
        ]
        for name in self._names:
            row = topics.topic(name)
            partitions = row.partitions if row.broadcast else PARTITIONS
            self.cluster.create_topic(name_of(name), partitions, compacted=row.cleanup_policy == "compact")
        settings = settings_of(kind, faults, Random(f"{seed} counting settings"))
        self._processes = [
            SimulatedProcess(
                f"{NAME}-{number}",
                _assemble,
                loop=loop,
                cluster=self.cluster,
                network=self._network,
                outside=cast(Outside, None),  # It has no ports that lead anywhere.
                settings=settings,
                chance=self._chance,
                ended=self._ended,
            )
            for number in range(_INSTANCES)
        ]

    async def live(self) -> bool:
        """Let everything happen, heal, and wait until all is counted; False if that takes too long."""
        for process in self._processes:
            process.start()
        rate = self._faults.crashes + self._faults.freezes
        if rate > 0:
            self._loop.strike_after(self._turns(rate), self._strike)
        if self._faults.stops > 0:
            self._loop.call_later(self._pause_s(), self._stop)
        if self._kind.grows:
            self._loop.call_later(self._chance.uniform(0.3, 4.0), self._grow)
        await self._tell(self.drawn.records)
        in_time = True
        if self.drawn.later:
            in_time = await self._until_counted()
            await self._resume()
            await self._tell(self.drawn.later)
        self._heal()
        return in_time and await self._until_counted()

    async def _tell(self, records: Sequence[NewRecord]) -> None:
        for record in records:
            await asyncio.sleep(self._chance.expovariate(len(records) / _UNDER_FAULTS_S))
            await publish(self._outside, [record])

    async def _resume(self) -> None:
        """Say that batches go on, while nothing is on its way, and let those hear of it who can."""
        ends = {number: self.cluster.partition(each).end for number, each in enumerate(self._partitions(COUNTED))}
        self.counted_before = ends
        brakes = [make_brake("resume", set_at=RESUMED_AT, tenant=one, batch_id=two) for one, two in self.drawn.resumed]
        await publish(self._outside, [entry(each, TOPIC, NAMESPACE, each.set_at) for each in brakes])
        await asyncio.sleep(_HEARD_S)

    async def _until_counted(self) -> bool:
        deadline_s = self._loop.time() + BOUND_S
        while self._loop.time() < deadline_s:
            await asyncio.sleep(_LOOK_S)
            if not any(self._is_behind(each) for each in self._partitions(*INPUTS)):
                return True
        return False

    def _partitions(self, *inputs: str) -> list[Partition]:
        counts = self.cluster.partition_counts([name_of(topic) for topic in inputs])
        return [Partition(name, number) for name, count in counts.items() for number in range(count)]

    def _is_behind(self, partition: Partition) -> bool:
        log = self.cluster.partition(partition)
        place = self.cluster.group(f"{NAMESPACE}.{NAME}").offsets.of([partition]).get(partition)
        if log.stable_end < log.end:
            return True
        since = log.start if place is None else place.offset
        return since < log.end and bool(log.read(since, max_records=1)[0])

    def _heal(self) -> None:
        self._over = True
        self._network.heal()
        for process in self._processes:
            if process.life.dead:
                process.start()
            else:
                process.thaw()

    def _behind(self) -> Gap | None:
        asked = current_life() is not None and self._kind.guarantee == "exactly_once"
        return self._network.behind() if asked else None

    def _turns(self, rate: float) -> int:
        return 1 + int(self._chance.expovariate(rate / _TURNS))

    def _pause_s(self) -> float:
        return self._chance.expovariate(self._faults.stops / _MINUTE_S)

    def _strike(self, life: Life) -> int:
        if self._over:
            return -1
        rate = self._faults.crashes + self._faults.freezes
        process = next(each for each in self._processes if each.life is life)
        if self._chance.random() * rate < self._faults.crashes:
            process.kill()
            self._start_later(process)
        else:
            process.freeze()
            self._loop.call_later(SESSION_S * self._chance.uniform(0, _FREEZE_SESSIONS), self._loop.thaw, life)
        return self._turns(rate)

    def _stop(self) -> None:
        if not self._over:
            self._chance.choice(self._processes).stop()
            self._loop.call_later(self._pause_s(), self._stop)

    def _grow(self) -> None:
        """Give all topics more partitions, those first that belong to tasks."""
        own = [name for name in self._names if name.endswith((".changelog", ".dlq"))]
        others = [name for name in self._names if name not in own and not topics.topic(name).broadcast]
        for name in (*own, *others):
            self.cluster.grow_topic(name_of(name), GROWN)

    def _ended(self, process: SimulatedProcess, error: BaseException | None) -> None:
        if error is not None and (not isinstance(error, LogError) or isinstance(error, LogRefused | OffsetLost)):
            self.failures.append(f"{process.life.name} ended with {error!r}")
        self._start_later(process)

    def _start_later(self, process: SimulatedProcess) -> None:
        life = process.life

        def start() -> None:
            if process.life is life and life.dead:
                process.start()

        self._loop.call_later(self._chance.uniform(*_RESTART_S), start)


def name_of(logical: str) -> str:
    """Give a topic's full name."""
    return topics.physical(NAMESPACE, logical)


@asynccontextmanager
async def _assemble(surroundings: Surroundings, _: Outside) -> AsyncIterator[Processor]:
    yield batches_processor(_SETTINGS, surroundings)
