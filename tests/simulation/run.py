"""Runs one seed from beginning to end: jobs under faults, then rest, then the invariants."""

from dataclasses import dataclass
from random import Random

from tests.simulation.chaos import Chaos
from tests.simulation.evidence import Evidence
from tests.simulation.faults import Faults, drawn
from tests.simulation.history import digest
from tests.simulation.invariants import violations
from tests.simulation.loop import SeededLoop
from tests.simulation.world import World

JOBS = 60
BOUND_S = 120.0
"""Virtual seconds within which everything must have ended, once faults have stopped."""

_UNDER_FAULTS_S = 6.0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a seed.

    Attributes:
        seed: which.
        violations: in words; empty in a sound world.
        digest: of the whole log.
        turns: of the loop.
        passed_s: virtual seconds.
    """

    seed: int
    violations: list[str]
    digest: str
    turns: int
    passed_s: float


def run_seed(seed: int, *, faults: Faults | None = None, jobs: int = JOBS) -> Result:
    """Run a world.

    Args:
        seed: decides everything.
        faults: in place of those that the seed draws.
        jobs: records to submit.
    """
    loop = SeededLoop(Random(f"{seed} turns"))
    try:
        chosen = drawn(Random(f"{seed} faults")) if faults is None else faults
        return loop.run_until_complete(_live(seed, chosen, jobs, loop))
    finally:
        loop.close()


async def _live(seed: int, faults: Faults, jobs: int, loop: SeededLoop) -> Result:
    world = World(seed, faults, loop)
    chaos = Chaos(world, Random(f"{seed} chaos"))
    world.start()
    chaos.begin()
    await world.submit(jobs, _UNDER_FAULTS_S)
    chaos.stop()
    world.heal()
    in_time = await world.quiet(BOUND_S)
    evidence = Evidence(world, in_time=in_time, bound_s=BOUND_S)
    result = Result(seed, violations(evidence), digest(world.cluster), loop.turns, loop.time())
    world.cluster.close()
    return result
