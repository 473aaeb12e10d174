"""Knows whether a world has done all that it was given, and what is left where it has not."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from headchef.brakes import TOPIC as BRAKES
from headchef.cache.refill import TOPIC as REFILLED_FROM
from headchef.catalogue.in_force import TOPIC as CATALOG
from headchef.runtime.log.port import Partition
from headchef.runtime.processor import TIMERS
from headchef.runtime.task import Phase, Task
from tests.simulation import watch
from tests.simulation.brakes import standing
from tests.simulation.people import REVIEWS
from tests.simulation.services import ROUTER, timers_of
from tests.simulation.takers import brakes_in, catalogues_in
from tests.simulation.world import World, group_of

_LOOK_S = 0.25
_RUNAWAY = 1_000
"""Records of one partition; a sound world has at most some hundreds. One whose records go round is not waited for."""


class _Duty(NamedTuple):
    partition: Partition
    is_open: Callable[[], bool]


async def quiet(world: World, within_s: float) -> bool:
    """Wait until every record has been handled and no transaction is open.

    What was open at the last look is looked at first: most often it still is.

    Args:
        world: whose faults have stopped.
        within_s: virtual seconds.

    Returns:
        False if that took too long, or will never be.
    """
    deadline_s = world.loop.time() + within_s
    last: _Duty | None = None
    while True:
        if last is None or not last.is_open():
            last = next((duty for duty in _duties(world) if duty.is_open()), None)
            if last is None:
                return True
            if _runs_away(world):
                return False
        if world.loop.time() > deadline_s:
            return False
        await asyncio.sleep(_LOOK_S)


def unhandled(world: World) -> list[Partition]:
    """Give the partitions that a group or a refill has not read to the end, whose end is unknown, or with timers."""
    return [duty.partition for duty in _duties(world) if duty.is_open()]


def _runs_away(world: World) -> bool:
    for duty in _duties(world):
        log = world.cluster.partition(duty.partition)
        if log.end - log.start > _RUNAWAY and duty.is_open():
            return True
    return False


def _duties(world: World) -> Iterator[_Duty]:
    for service, about in world.services.items():
        for partition in world.partitions(*about.inputs):
            yield _Duty(partition, partial(_is_behind, world, service, partition))
    yield _Duty(world.partitions(CATALOG)[0], partial(_misses_a_catalogue, world))
    yield _Duty(world.partitions(BRAKES)[0], partial(_misses_a_brake, world))
    yield _Duty(world.partitions(REVIEWS)[0], lambda: world.people.are_busy)
    yield _Duty(world.partitions(REFILLED_FROM)[0], lambda: world.store.answers.empty)
    for service in world.services:
        for partition in world.partitions(*timers_of(service)):
            if world.kind.guarantee == "exactly_once":
                yield _Duty(partition, partial(_holds_a_timer, world, partition))
            elif service != ROUTER:
                # A router's timer waits for days for what is lost; what its jobs wait for is unread somewhere.
                yield _Duty(partition, partial(_holds_a_timer_in_a_process, world, service, partition))


def _is_behind(world: World, service: str, partition: Partition) -> bool:
    log = world.cluster.partition(partition)
    place = world.cluster.group(group_of(service)).offsets.of([partition]).get(partition)
    unnamed = place is not None and bool(watch.unfinished(world.cluster.expired(partition), place))
    if unnamed or log.stable_end < log.end:
        return True
    since = log.start if place is None else max(place.offset, log.start)
    return since < log.end and bool(log.read(since, max_records=1)[0])


def _misses_a_catalogue(world: World) -> bool:
    wanted = world.catalogues.last_good.version
    return any(version != wanted for version in catalogues_in(world.all_processes()).values())


def _misses_a_brake(world: World) -> bool:
    wanted = standing([said.event for said in world.brakes.said])
    return any(standing(known) != wanted for known in brakes_in(world.all_processes()).values())


def _holds_a_timer(world: World, partition: Partition) -> bool:
    """Say whether a timer of a task is set: the newest value of some key.

    Those do not count that forget after days what is left of a job: their names begin with a zero byte.
    """
    newest = {record.key: record.value for record in world.cluster.partition(partition).records(committed=True)}
    return any(value is not None and not (key or b"").startswith(b"\0") for key, value in newest.items())


def _holds_a_timer_in_a_process(world: World, service: str, partition: Partition) -> bool:
    """Say whether a task's owner knows of a timer, or of what came of one and is not written yet.

    Not what the log knows: a former owner may have written others after it, at least once.
    Those go off in vain when the task moves next. Where nobody is at work it is the log that tells.
    Nor lines that nobody waits in, which it may have written too: they are found empty by whoever asks the same next.
    """
    owned = [task.entries[TIMERS] > 0 or task.in_flight > 0 for task in _at_work(world, service, partition.number)]
    return any(owned) or (not owned and _holds_a_timer(world, partition))


def _at_work(world: World, service: str, number: int) -> list[Task]:
    """Give the tasks of this number that run in processes which are alive: at least once there may be two."""
    live = [each.engine for each in world.processes[service] if each.engine is not None and not each.life.dead]
    tasks = (engine.tasks.get(number) for engine in live)
    return [task for task in tasks if task is not None and task.phase is Phase.RUNNING]
