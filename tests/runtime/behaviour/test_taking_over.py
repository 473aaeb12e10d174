"""Taking a task over for the first time: what is read may be stale, and what is written may be refused."""

import asyncio

from headchef.runtime.errors import SendFailed
from headchef.runtime.log.port import Log, Partition
from headchef.runtime.reached import Reached
from headchef.runtime.recovery import Recovery
from headchef.runtime.state import TaskState
from headchef.runtime.watermark import Watermark
from headchef.runtime.writers import ExactlyOnceWriter, RecordsRefused
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.faults import Hold, failing
from tests.runtime.behaviour.world import SOURCE, Echo, World
from tests.support.hooked_log import HookedLog


async def recovered(world: World, log: Log) -> dict[Partition, Watermark]:
    """Take task 0 over in a process of its own, and give its places."""
    inputs = [Partition(world.topic(SOURCE), 0)]
    name = world.names.transactional_id(0)
    writer = ExactlyOnceWriter(
        log, transactional_id=name, group=world.names.group, partitions=inputs, reached=Reached()
    )
    recovery = Recovery(
        log,
        name=name,
        task=0,
        inputs=inputs,
        births_topic=world.names.births,
        changelogs={},
        timers=None,
        guarantee="exactly_once",
        clock=world.clock,
    )
    places = await recovery.run(writer, TaskState((), 0, {}))
    await writer.close()
    return places


async def test_a_task_that_another_has_begun_meanwhile_is_not_taken_for_lost(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    slow = HookedLog(world.backend.process("slow"))
    standing = Hold("after", "log.committed")
    slow.hook = standing
    late = asyncio.ensure_future(recovered(world, slow))
    await standing.until_met()
    await recovered(world, world.backend.process("quick"))
    standing.released.set()
    assert {partition.topic for partition in await late} == {world.topic(SOURCE)}


async def test_a_birth_that_the_log_refuses_once_is_written_again(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    refusal = RecordsRefused({0: SendFailed("not just now")})
    one = world.start("one", Echo(), hook=failing("before", "producer.send", refusal))
    await world.publish("a")
    assert await world.until_done() == {"a": 1}
    assert not one.ended
