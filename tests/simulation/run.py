"""Runs one seed from beginning to end: jobs under faults, then rest, then the invariants."""

import asyncio
from contextlib import closing, nullcontext
from dataclasses import dataclass
from random import Random

from tests.simulation.chaos import Chaos
from tests.simulation.evidence import Evidence
from tests.simulation.faults import Faults, drawn
from tests.simulation.garbage import collected_at_the_end
from tests.simulation.hearing import Hearing
from tests.simulation.history import digest
from tests.simulation.invariants import violations
from tests.simulation.kinds import Kind, drawn_kind
from tests.simulation.loop import SeededLoop
from tests.simulation.losing import Loser
from tests.simulation.quiet import quiet
from tests.simulation.runs import submit_again
from tests.simulation.services import CACHE, ROUTER
from tests.simulation.workflows import WITHIN_S
from tests.simulation.world import World

JOBS = 60
BOUND_S = 120.0
"""Virtual seconds within which everything must have ended, once faults have stopped."""

_UNDER_FAULTS_S = 6.0
_DEPLOYED_S = 2.0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a seed.

    Attributes:
        seed: which.
        kind: of world.
        violations: in words; empty in a sound world.
        digest: of the whole log; empty unless it was asked for, since a large campaign compares none.
        turns: of the loop.
        passed_s: virtual seconds.
    """

    seed: int
    kind: Kind
    violations: list[str]
    digest: str
    turns: int
    passed_s: float


def run_seed(
    seed: int, *, kind: Kind | None = None, faults: Faults | None = None, jobs: int = JOBS, digested: bool = False
) -> Result:
    """Run a world.

    Args:
        seed: decides everything.
        kind: of the world, in place of the one that the seed draws.
        faults: in place of those that the seed draws.
        jobs: records to submit.
        digested: also give the log's digest.
    """
    kind = drawn_kind(Random(f"{seed} kind")) if kind is None else kind
    faults = drawn(Random(f"{seed} faults")) if faults is None else faults
    with collected_at_the_end(), closing(SeededLoop(Random(f"{seed} turns"))) as loop:
        return loop.run_until_complete(_live(seed, kind, faults, jobs, loop, digested))


async def _live(seed: int, kind: Kind, faults: Faults, jobs: int, loop: SeededLoop, digested: bool) -> Result:
    world = World(seed, kind, faults, loop)
    with Hearing(world.operator.heard) if kind.expires else nullcontext():
        return await _watched(world, seed, jobs, digested)


async def _watched(world: World, seed: int, jobs: int, digested: bool) -> Result:
    evidence = await lived(world, seed, jobs)
    loop = world.loop
    word = digest(world.cluster) if digested else ""
    result = Result(seed, world.kind, violations(evidence), word, loop.turns, loop.time())
    world.cluster.close()
    return result


async def lived(world: World, seed: int, jobs: int) -> Evidence:
    """Let everything happen in a world that is made, and gather what is left of it.

    Args:
        world: not begun.
        seed: decides when faults happen.
        jobs: records to submit.
    """
    chaos, loser = Chaos(world, Random(f"{seed} chaos")), Loser(seed, world)
    await world.start()
    chaos.begin()
    loser.begin()
    await world.submit(jobs, _UNDER_FAULTS_S)
    chaos.stop()
    world.heal()
    if world.asking:
        world.deploy(ROUTER, WITHIN_S)
    await world.brakes.lift()
    in_time = await quiet(world, BOUND_S)
    if in_time and world.correctors.active:
        in_time = await _ask_of_who_knows(world)
    if in_time and await submit_again(world):
        in_time = await quiet(world, BOUND_S)
    if in_time and await loser.ask_again():
        in_time = await quiet(world, BOUND_S)
    world.people.end()
    return Evidence(world, in_time=in_time, bound_s=BOUND_S)


async def _ask_of_who_knows(world: World) -> bool:
    """Let people find answers wrong, restart the caches, ask the same again, and say whether all ends in time."""
    await world.correctors.see_newest()
    if not await quiet(world, BOUND_S):
        return False
    world.deploy(CACHE, _DEPLOYED_S)
    await asyncio.sleep(_DEPLOYED_S)
    await world.correctors.ask_again(world.submissions)
    return await quiet(world, BOUND_S)
