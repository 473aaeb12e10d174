"""A world: the log with its topics, the provider, the store, and several processes of each service, from one seed."""

import asyncio
from collections.abc import Collection
from random import Random

from headchef_contracts import topics

from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.runtime.log.port import Headers, NewRecord, Partition
from headchef.runtime.processor import TIMERS
from tests.simulation.broker import Network
from tests.simulation.clock import ShiftedClock
from tests.simulation.faults import Faults
from tests.simulation.jobs import Submission, Upstream
from tests.simulation.loop import SeededLoop, current_life
from tests.simulation.process import NAMESPACE, SESSION_S, SimulatedProcess, settings_of
from tests.simulation.provider import SimulatedProvider
from tests.simulation.services import LANE, SERVICES, Outside
from tests.simulation.store import SharedStore
from tests.support.log_client import publish

PARTITIONS = 3
INSTANCES = 2
GROUPS = {
    "router": ("jobs.submitted", "steps.judged"),
    "cache": ("steps.planned", "cache.settled"),
    f"executor.{LANE}": (f"steps.dispatched.{LANE}",),
    "validator": ("steps.completed",),
}
"""What each consumer group reads, by logical name."""

_POISON_SHARE, _EMPTY_SHARE = 0.1, 0.2
_POISON_HEADERS: tuple[Headers, ...] = (
    (),
    (("ce_id", b"half"),),
    (("ce_specversion", b"1.0"), ("ce_type", b"unknown.type"), ("ce_source", b"/x"), ("ce_id", b"1")),
    (("ce_specversion", b"1.0"), ("ce_type", b"headchef.step.planned"), ("ce_source", b"/x"), ("ce_id", b"2")),
)
_LOOK_S = 0.25
_RESTART_S = (0.1, 3.0)


def name_of(logical: str) -> str:
    """Give a topic's full name in a world."""
    return topics.physical(NAMESPACE, logical)


TIMERS_TOPIC = name_of(f"executor.{LANE}.{TIMERS}.changelog")


class World:
    """Everything of one seed. Made while its loop runs.

    Args:
        seed: decides all that is not decided by the arguments.
        faults: what goes wrong.
        loop: the running loop.

    Attributes:
        submissions: what was submitted, in order.
        poison: what was written to internal topics, by topic.
        stray_calls: calls that began in a process that had stood still and not been in its group since.
    """

    def __init__(self, seed: int, faults: Faults, loop: SeededLoop) -> None:
        self.faults = faults
        self.loop = loop
        self.cluster = Cluster(ShiftedClock(loop), transaction_sweep_s=1.0, marker_delay_s=0.001)
        self.network = Network(faults, Random(f"{seed} network"))
        self.provider = SimulatedProvider(faults, Random(f"{seed} provider"), self._see_call)
        self.store = SharedStore(faults, Random(f"{seed} store"))
        self.submissions: list[Submission] = []
        self.poison: dict[str, list[bytes]] = {}
        self.stray_calls: list[str] = []
        self.chance = Random(f"{seed} world")
        self._settings = settings_of(faults, Random(f"{seed} settings"))
        self._upstream = Upstream(Random(f"{seed} jobs"), PARTITIONS)
        self._outside = MemoryLog(self.cluster, "outside")
        self._keep_down = False
        for topic in topics.required([LANE]):
            self.cluster.create_topic(
                name_of(topic.logical),
                PARTITIONS,
                max_message_bytes=topic.max_message_bytes,
                compacted=topic.cleanup_policy == "compact",
            )
        self.processes = [self._place(service, number) for service in SERVICES for number in range(INSTANCES)]

    def start(self) -> None:
        """Start all processes."""
        for process in self.processes:
            process.start()

    async def submit(self, count: int, within_s: float) -> None:
        """Submit jobs, spread over some time, with poison for internal topics in between."""
        for _ in range(count):
            await asyncio.sleep(self.chance.expovariate(count / within_s))
            submission = self._upstream.draw()
            self.submissions.append(submission)
            await publish(self._outside, [submission.record(name_of("jobs.submitted"))])
            if self.chance.random() < _POISON_SHARE:
                await self._poison()

    async def _poison(self) -> None:
        """Write something to an internal topic that is no event."""
        topic = self.chance.choice([topic for group in GROUPS.values() for topic in group if topic != "jobs.submitted"])
        value = f"poison {len(self.submissions)}".encode()
        headers = self.chance.choice(_POISON_HEADERS)
        if self.chance.random() < _EMPTY_SHARE:
            await publish(self._outside, [NewRecord(name_of(topic), None, b"key", None, headers)])
            return
        self.poison.setdefault(topic, []).append(value)
        await publish(self._outside, [NewRecord(name_of(topic), value, None, None, headers)])

    def heal(self) -> None:
        """Let no more faults happen, and bring every process back."""
        for each in (self.network, self.provider, self.store):
            each.heal()
        for process in self.processes:
            process.clock.shift_s = 0.0
            if process.life.dead:
                process.start()
            else:
                process.thaw()

    async def quiet(self, within_s: float) -> bool:
        """Wait until every record has been handled and no transaction is open. Returns False if that took too long."""
        deadline_s = self.loop.time() + within_s
        while unhandled := self.unhandled():
            if self.loop.time() > deadline_s:
                return not unhandled
            await asyncio.sleep(_LOOK_S)
        return True

    def unhandled(self) -> Collection[Partition]:
        """Give the partitions that a group has not read to the end, whose end is not yet known, or that hold timers."""
        behind = [
            partition
            for group, inputs in GROUPS.items()
            for topic in inputs
            for number in range(PARTITIONS)
            if self._behind(group, partition := Partition(name_of(topic), number))
        ]
        return [*behind, *filter(self._waiting, (Partition(TIMERS_TOPIC, number) for number in range(PARTITIONS)))]

    def _waiting(self, partition: Partition) -> bool:
        """Say whether a timer of a task is set: the newest value of some key."""
        newest = {record.key: record.value for record in self.cluster.partition(partition).records(committed=True)}
        return any(value is not None for value in newest.values())

    def _behind(self, group: str, partition: Partition) -> bool:
        log = self.cluster.partition(partition)
        if log.stable_end < log.end:
            return True
        records = log.records(committed=True)
        if not records:
            return False
        place = self.cluster.group(f"{NAMESPACE}.{group}").offsets.of([partition]).get(partition)
        return place is None or place.offset <= records[-1].offset

    def _see_call(self, number: str) -> None:
        """Look at a call when it begins: after a freeze beyond the session the caller's tasks may be another's."""
        life = current_life()
        if life is None or life.thawed_s - life.froze_s <= SESSION_S:
            return
        if self.network.joined_s.get(life.name, 0.0) < life.thawed_s:
            self.stray_calls.append(f"{life.name} began {number} at {self.loop.time():.3f} s")

    def _place(self, service: str, number: int) -> SimulatedProcess:
        return SimulatedProcess(
            f"{service}-{number}",
            SERVICES[service],
            loop=self.loop,
            cluster=self.cluster,
            network=self.network,
            outside=Outside(self.provider, self.store),
            settings=self._settings,
            chance=self.chance,
            ended=self.start_later,
        )

    def start_later(self, process: SimulatedProcess) -> None:
        """Start a process again after a while, as a supervisor does."""
        life = process.life

        def start() -> None:
            if process.life is life and life.dead:
                process.start()

        self.loop.call_later(self.chance.uniform(*_RESTART_S), start)
