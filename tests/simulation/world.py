"""A world: the log with its topics, the provider, the store, and several processes of each service, from one seed."""

import asyncio
from random import Random

from headchef_contracts import topics

from headchef.runtime.errors import LogError, LogRefused, OffsetLost
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Partition
from tests.simulation import growth, watch
from tests.simulation.bodies import Named, drawn_bodies
from tests.simulation.brakes import Brakeman, Called
from tests.simulation.broker import Network
from tests.simulation.budgeted import drawn_budgets, tenants_set
from tests.simulation.catalogues import Catalogues
from tests.simulation.clock import ShiftedClock
from tests.simulation.cluster import Gap, Places, WatchedCluster
from tests.simulation.correctors import Correctors
from tests.simulation.faults import Faults
from tests.simulation.functions import SimulatedWorkshop
from tests.simulation.guides import SimulatedGuides
from tests.simulation.impostor import drawn_bound, submitting
from tests.simulation.invalidating import Invalidator
from tests.simulation.jobs import OTHERS, TENANTS, Drawing
from tests.simulation.kinds import Kind
from tests.simulation.loop import SeededLoop, current_life
from tests.simulation.operations import Operator
from tests.simulation.people import People
from tests.simulation.poison import drawn_poison
from tests.simulation.process import NAMESPACE, SESSION_S, SimulatedProcess, settings_of
from tests.simulation.provider import SimulatedProvider
from tests.simulation.refusals import Refusals
from tests.simulation.services import INPUTS, LANES, MODELS, Outside, drawn_services, drawn_ttl_s
from tests.simulation.sources import SimulatedSources
from tests.simulation.store import SharedStore, drawn_most
from tests.simulation.submission import Submission, by_reference
from tests.simulation.takers import brakes_in, catalogues_in
from tests.simulation.trail import MUST_LEAD, Trail, spot_of, topic_of
from tests.simulation.wordings import drawn_wordings
from tests.simulation.workflows import CHEAP, CHEAPER, JOINED, PAGES, SIGNED, TIMED, published
from tests.support.log_client import publish

PARTITIONS, GROWN = 3, 5
"""Of every topic, and in a growing world afterwards."""

PUBLISHED = published(NAMESPACE)
_POISON_SHARE = 0.1
_ASKING_SHARE = 0.2
"""Of the worlds: people cost time."""

_RESTART_S = (0.1, 3.0)


def name_of(logical: str) -> str:
    """Give a topic's full name in a world."""
    return topics.physical(NAMESPACE, logical)


def group_of(service: str) -> str:
    """Give the name of a service's group."""
    return f"{NAMESPACE}.{service}"


class World:
    """Everything of one seed. Made while its loop runs.

    Args:
        seed: decides all that is not decided by the arguments.
        kind: what is promised, and what happens beside the faults.
        faults: what goes wrong.
        loop: the running loop.

    Attributes:
        budgets, bound: of tenants that have one, and the tenants that are bound to an entry.
        wordings: who asks in other words what others have asked.
        services: its processors, by name.
        upstream: draws what is submitted.
        catalogues: the file's, and those that are published.
        brakes: what is paused, resumed and cancelled.
        invalidator: says which earlier answers hold no longer.
        ttl_s: how long an answer serves; None for ever.
        called: calls by the provider's number, as they began.
        people, correctors: who decide what workflows ask, and who find answers wrong.
        asking: whether some jobs go through a workflow that does.
        submissions: what was submitted, in order.
        bodies: where large bodies lie; None where all are in events.
        poison: what was written to internal topics, by topic.
        stray_calls: calls that began in a process that had stood still and not been in its group since.
        overtakings: bulk steps that began before an interactive one beyond their share.
        outside: what upstream systems and operators reach the log by.
        broken: what did not hold at some commit.
        failures: what processes ended with that no fault outside explains.
    """

    def __init__(self, seed: int, kind: Kind, faults: Faults, loop: SeededLoop) -> None:
        self.kind, self.faults, self.loop = kind, faults, loop
        self.cluster = WatchedCluster(kind, ShiftedClock(loop), self._see_commit, self._behind_by)
        self.operator, self.network = Operator(self.cluster), Network(faults, Random(f"{seed} network"))
        self.refusals = Refusals(Random(f"{seed} refusals"), MODELS)
        self.budgets, self.bound = drawn_budgets(Random(f"{seed} budgets"), kind), drawn_bound(Random(f"{seed} bound"))
        self.wordings = drawn_wordings(Random(f"{seed} wordings"), Random(f"{seed} judges"), kind)
        self.services = drawn_services(Random(f"{seed} services"), accounts=bool(self.budgets or self.wordings))
        self._inputs = [topic for about in self.services.values() for topic in about.inputs]
        self.catalogues = Catalogues(seed, grows=kind.grows)
        calls = self.catalogues.calls
        self.provider = SimulatedProvider(faults, Random(f"{seed} provider"), self.refusals, self._see_call, calls)
        self.workshop = SimulatedWorkshop(Random(f"{seed} functions"))
        self.sources = SimulatedSources(Random(f"{seed} sources"))
        self.store = SharedStore(faults, Random(f"{seed} store"), compares=bool(self.wordings), most=drawn_most(seed))
        self.guides = SimulatedGuides(self.store, faults, Random(f"{seed} guides"))
        self.bodies = drawn_bodies(self.store, faults, Random(f"{seed} bodies"), helped="functions" in self.services)
        self.called, self.submissions, self.poison = dict[str, Called](), list[Submission](), dict[str, list[bytes]]()
        self.stray_calls, self.overtakings = list[str](), list[str]()
        self.broken, self.failures = list[str](), list[str]()
        self.chance, self.ttl_s = Random(f"{seed} world"), drawn_ttl_s(Random(f"{seed} expiry"))
        self.counts = (PARTITIONS, GROWN) if kind.grows else (PARTITIONS,)
        self._settings = settings_of(kind, faults, Random(f"{seed} settings"))
        # A step that is lost would hold its job up for days, until all of it must have expired.
        joined = [JOINED] if "functions" in self.services else []
        workflows = [] if kind.expires else [PAGES, CHEAP, CHEAPER, TIMED, *joined]
        asking = kind.asks or Random(f"{seed} people").random() < _ASKING_SHARE
        workflows += [SIGNED] * (len(workflows) // 2) if asking else []
        others = [] if kind.expires else [name for each, name in OTHERS.items() if each in self.services]
        self.upstream: Drawing = self.wordings.among(submitting(seed, self.bound, self.counts, workflows, others))
        self.outside = MemoryLog(self.cluster, "outside")
        self.people, self.asking = People(Random(f"{seed} decisions"), self.cluster, self.outside), SIGNED in workflows
        self.invalidator = Invalidator(
            Random(f"{seed} invalidations"), self.outside, self.cluster, self.caches, self.submissions
        )
        self.correctors = Correctors(seed, self.cluster, self.outside, active=not kind.expires)
        self.brakes = Brakeman(Random(f"{seed} brakes"), self.outside, self.cluster.clock)
        for topic in topics.required(LANES):
            self.cluster.create_topic(
                name_of(topic.logical),
                PARTITIONS,
                max_message_bytes=topic.max_message_bytes,
                compacted=topic.cleanup_policy == "compact",
            )
        self.trail = Trail(self.cluster)
        if kind.grows:
            growth.grow(self.cluster, loop, GROWN, Random(f"{seed} growth"))
        self.processes = {
            service: [self._place(service, number) for number in range(about.instances)]
            for service, about in self.services.items()
        }

    @property
    def named(self) -> Named:
        """What its events name."""
        return Named(self.bodies)

    def caches(self) -> list[SimulatedProcess]:
        """Give the processes of the cache."""
        return self.processes["cache"]

    def all_processes(self) -> list[SimulatedProcess]:
        """Give the processes of all services."""
        return [process for processes in self.processes.values() for process in processes]

    def partitions(self, *logical: str) -> list[Partition]:
        """Give the partitions that some topics have now."""
        return [
            Partition(name_of(topic), number)
            for topic in logical
            for number in range(len(self.cluster.topic(name_of(topic)).partitions))
        ]

    async def start(self) -> None:
        """Start all processes, where some things have been published already."""
        said = [*tenants_set(NAMESPACE, self.budgets, self.bound), *self.wordings.bounds(NAMESPACE)]
        await publish(self.outside, [*PUBLISHED, *said])
        await self.guides.fill(TENANTS)
        if before := self.catalogues.before(NAMESPACE):
            await publish(self.outside, before)
        for process in self.all_processes():
            process.start()
        if self.asking:
            self.people.begin()

    async def submit(self, count: int, within_s: float) -> None:
        """Submit jobs, spread over some time, with poison for internal topics in between."""
        for _ in range(count):
            await asyncio.sleep(self.chance.expovariate(count / within_s))
            submission = by_reference(self.upstream.draw(), self.bodies)
            self.submissions.append(submission)
            await publish(self.outside, [submission.record()])
            if self.chance.random() < _POISON_SHARE:
                await self._poison()
            if (published := self.catalogues.draw(NAMESPACE, self.loop.time())) is not None:
                await publish(self.outside, [published])
            await self.brakes.see(submission)
            await self.invalidator.see(submission)
            await self.correctors.see()
        await self.invalidator.done()

    async def _poison(self) -> None:
        """Write something to an internal topic that is no event."""
        topic, record = drawn_poison(self.chance, len(self.submissions), self._inputs)
        if record.value is not None:
            self.poison.setdefault(topic, []).append(record.value)
        await publish(self.outside, [record])

    def heal(self) -> None:
        """Let no more faults happen, and bring every process back."""
        for each in (self.network, self.provider, self.store, self.guides, self.invalidator):
            each.heal()
        if self.bodies is not None:
            self.bodies.heal()
        for process in self.all_processes():
            process.clock.shift_s = 0.0
            if process.life.dead:
                process.start()
            else:
                process.thaw()

    def deploy(self, service: str, within_s: float) -> None:
        """Let each process of a service be stopped once more, and start again, while people are asked."""

        def stop(process: SimulatedProcess) -> None:
            if process.running:
                process.stop()

        for process in self.processes[service]:
            self.loop.call_later(self.chance.uniform(0, within_s), stop, process)

    def _behind_by(self) -> Gap | None:
        """Say what part of its places a coordinator leaves out, for a process that asks; the test itself sees all."""
        asked = current_life() is not None and self.kind.guarantee == "exactly_once"
        return self.network.behind() if asked else None

    def _see_call(self, number: str) -> None:
        """Look at a call when it begins: after a freeze beyond the session the caller's tasks may be another's."""
        life = current_life()
        used = catalogues_in(self.all_processes())
        self.catalogues.heard(self.loop.time(), used)
        if life is not None:
            known = brakes_in(each for each in self.all_processes() if each.life is life)
            self.called[number] = Called(self.loop.time(), known.get(life.name, ()), used.get(life.name))
        if life is None or life.thawed_s - life.froze_s <= SESSION_S:
            return
        if self.network.joined_s.get(life.name, 0.0) < life.thawed_s:
            self.stray_calls.append(f"{life.name} began {number} at {self.loop.time():.3f} s")

    def _see_commit(self, group: str, until_now: Places, places: Places) -> None:
        """Look at each place of an input before it is committed; a commit tells all, most of which are as they were."""
        for partition, after in places.items():
            before = until_now.get(partition)
            if before == after or (topic := topic_of(partition.topic)) not in INPUTS:
                continue
            log = self.cluster.partition(partition)
            unled: list[int] = []
            if topic in MUST_LEAD and (consumed := set(watch.newly_finished(before, after, log.start))):
                causes = self.trail.causes()
                unled = [
                    record.offset
                    for record in log.records(committed=True, since=min(consumed))
                    if record.offset in consumed
                    and record.value is not None
                    and spot_of(record) not in causes
                    # At least once what has come of a workflow's step before leads to nothing.
                    and (self.kind.guarantee == "exactly_once" or b'"workflow":' not in record.value)
                ]
            move = watch.Move(self.kind, group, partition, before, after, log.start, log.end, tuple(unled))
            self.broken += watch.violations(move)

    def _place(self, service: str, number: int) -> SimulatedProcess:
        ports = (self.provider, self.store, self.workshop, self.sources, self.guides)
        return SimulatedProcess(
            f"{service}-{number}",
            self.services[service].assemble,
            loop=self.loop,
            cluster=self.cluster,
            network=self.network,
            outside=Outside(*ports, self.catalogues.file_of(service), self.overtakings, self.bodies, self.ttl_s),
            settings=self._settings,
            chance=self.chance,
            ended=lambda process, error: self._over(process, service, error),
        )

    def _over(self, process: SimulatedProcess, service: str, error: BaseException | None) -> None:
        """See what a process has ended with, and start it again."""
        passing = isinstance(error, LogError) and not isinstance(error, LogRefused | OffsetLost)
        if (
            error is not None
            and not passing
            and not (self.kind.expires and self.operator.halted(process, group_of(service), error))
        ):
            self.failures.append(f"{process.life.name} ended with {error!r}")
        self.start_later(process)

    def start_later(self, process: SimulatedProcess) -> None:
        """Start a process again after a while, as a supervisor does."""
        life = process.life

        def start() -> None:
            if process.life is life and life.dead:
                process.start()

        self.loop.call_later(self.chance.uniform(*_RESTART_S), start)
