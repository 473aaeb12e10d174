"""Makes the faults of a world happen: by turns of the loop to processes, by time to all else."""

from collections.abc import Callable
from random import Random

from headchef.runtime.log.memory import Operation
from tests.simulation.broker import COORDINATORS
from tests.simulation.loop import Life
from tests.simulation.process import SESSION_S, SimulatedProcess
from tests.simulation.services import HOSTS, LANES, timers_of
from tests.simulation.world import World, group_of

_TURNS = 10_000
_MINUTE_S = 60.0
_OUTAGE_S = 4.0
_JUMP_S = 3600.0
_FREEZE_SESSIONS = 2.5
_EVERYTHING: frozenset[Operation] = frozenset().union(*COORDINATORS)


class Chaos:
    """Strikes a world until it is stopped.

    Args:
        world: whose faults say how often.
        chance: when, and whom.
    """

    def __init__(self, world: World, chance: Random) -> None:
        self._world = world
        self._chance = chance
        self._over = False
        self._loop = world.loop

    def begin(self) -> None:
        """Begin to strike."""
        faults = self._world.faults
        if faults.crashes + faults.freezes > 0:
            self._loop.strike_after(self._turns(), self._strike)
        self._from_time_to_time(faults.stops, self._stop)
        self._from_time_to_time(faults.outages, self._cut)
        self._from_time_to_time(faults.clock_jumps, self._jump)
        self._from_time_to_time(faults.store_outages, self._close_store)
        self._from_time_to_time(faults.full_stores, self._fill_store)
        self._from_time_to_time(faults.provider_outages, self._close_account)
        if self._world.kind.expires:
            self._from_time_to_time(faults.expired_records, self._expire_records)
            self._from_time_to_time(faults.expired_places, self._expire_places)

    def stop(self) -> None:
        """Strike no more."""
        self._over = True

    def _turns(self) -> int:
        faults = self._world.faults
        return 1 + int(self._chance.expovariate((faults.crashes + faults.freezes) / _TURNS))

    def _strike(self, life: Life) -> int:
        """Hit the process that is about to run."""
        if self._over:
            return -1
        faults = self._world.faults
        process = next(each for each in self._world.all_processes() if each.life is life)
        if self._chance.random() * (faults.crashes + faults.freezes) < faults.crashes:
            process.kill()
            self._world.start_later(process)
        else:
            process.freeze()
            frozen_s = SESSION_S * self._chance.uniform(0, _FREEZE_SESSIONS)
            self._loop.call_later(frozen_s, self._loop.thaw, life)
        return self._turns()

    def _stop(self) -> None:
        running = [process for process in self._world.all_processes() if process.running]
        if running:
            self._chance.choice(running).stop()

    def _cut(self) -> None:
        self._world.network.cut(self._chance.choice((_EVERYTHING, *COORDINATORS)))
        self._loop.call_later(self._chance.uniform(0, _OUTAGE_S), self._world.network.cut, ())

    def _jump(self) -> None:
        process: SimulatedProcess = self._chance.choice(self._world.all_processes())
        shift_s = process.clock.shift_s + self._chance.uniform(-_JUMP_S, _JUMP_S)
        # Farther ahead the log takes no record of a process, which then ends, and rightly so until its clock is set.
        process.clock.shift_s = max(-_JUMP_S, min(_JUMP_S, shift_s))

    def _close_store(self) -> None:
        self._world.store.away = True
        self._loop.call_later(self._chance.uniform(0, _OUTAGE_S), self._open_store)

    def _open_store(self) -> None:
        self._world.store.away = False

    def _fill_store(self) -> None:
        self._world.store.full = True
        self._loop.call_later(self._chance.uniform(0, _OUTAGE_S), self._empty_store)

    def _empty_store(self) -> None:
        self._world.store.full = False

    def _close_account(self) -> None:
        host = HOSTS[self._chance.choice(LANES)]
        self._world.provider.away.add(host)
        self._loop.call_later(self._chance.uniform(0, _OUTAGE_S), self._world.provider.away.discard, host)

    def _expire_records(self) -> None:
        """Delete the oldest records of an input that its group has begun to read."""
        world = self._world
        service = self._chance.choice(list(world.services))
        begun = world.cluster.group(group_of(service)).offsets.of(world.partitions(*world.services[service].inputs))
        logs = {each: world.cluster.partition(each) for each in begun}
        filled = [each for each, log in logs.items() if log.stable_end > log.start]
        if filled:
            chosen = self._chance.choice(filled)
            before = self._chance.randint(logs[chosen].start + 1, logs[chosen].stable_end)
            world.trail.follow()
            world.cluster.delete_records(chosen, before)

    def _expire_places(self) -> None:
        """Let a whole group be down until its places have expired."""
        world = self._world
        service = self._chance.choice(list(world.services))
        for process in world.processes[service]:
            process.kill()
            world.start_later(process)
        world.operator.expire(group_of(service), world.partitions(*world.services[service].inputs, *timers_of(service)))

    def _from_time_to_time(self, a_minute: float, act: Callable[[], None]) -> None:
        if a_minute <= 0:
            return

        def again() -> None:
            if not self._over:
                act()
                self._loop.call_later(self._chance.expovariate(a_minute / _MINUTE_S), again)

        self._loop.call_later(self._chance.expovariate(a_minute / _MINUTE_S), again)
