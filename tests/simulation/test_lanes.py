"""A lane that is down stops no other: its steps wait, and go on when it is back."""

from collections import Counter
from random import Random

from tests.simulation.evidence import Evidence
from tests.simulation.faults import NONE
from tests.simulation.history import events
from tests.simulation.invariants import violations
from tests.simulation.kinds import EXACTLY_ONCE
from tests.simulation.loop import SeededLoop
from tests.simulation.quiet import quiet, unhandled
from tests.simulation.services import CATALOGUE, pair
from tests.simulation.world import World, name_of

DOWN = "executor.other"
JOBS, WITHIN_S, BOUND_S = 60, 6.0, 60.0


def test_a_lane_without_executors_does_not_stop_the_other() -> None:
    loop = SeededLoop(Random(0))
    try:
        loop.run_until_complete(_live(loop))
    finally:
        loop.close()


async def _live(loop: SeededLoop) -> None:
    world = World(0, EXACTLY_ONCE, NONE, loop)
    await world.start()
    for process in world.processes[DOWN]:
        process.kill()
    await world.submit(JOBS, WITHIN_S)
    assert not await quiet(world, BOUND_S)
    waiting = {partition.topic for partition in unhandled(world)}
    assert waiting == set(map(name_of, pair("steps.dispatched.other")))
    asked = [event.data["step"]["request"]["model"] for event in events(world.cluster, "steps.completed", world.named)]
    lanes = Counter(CATALOGUE.models[model].lane for model in asked)
    assert lanes["default"] > 0
    assert lanes["other"] == 0
    for process in world.processes[DOWN]:
        process.start()
    in_time = await quiet(world, BOUND_S)
    assert violations(Evidence(world, in_time=in_time, bound_s=BOUND_S)) == []
    world.cluster.close()
