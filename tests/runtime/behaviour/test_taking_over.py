"""Taking a task over: what is read may be stale, what is written may be refused, and the former owner may be back."""

import asyncio

import pytest

from headchef.runtime import finished as finished_map
from headchef.runtime.errors import LogUnavailable, ProducerFenced, SendFailed
from headchef.runtime.exactly_once import ExactlyOnceWriter
from headchef.runtime.ledger import Ledger
from headchef.runtime.log.port import Commit, Log, Partition
from headchef.runtime.recovery import Recovery
from headchef.runtime.state import TaskState
from headchef.runtime.watermark import Watermark
from headchef.runtime.writers import RecordsRefused
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import SINK, Echo
from tests.runtime.behaviour.faults import Fault, Hold, failing
from tests.runtime.behaviour.world import SOURCE, World, six_handled
from tests.support.hooked_log import HookedLog
from tests.support.log_client import bodies, commit_records, started_producer, values


def ledger_of(world: World, log: Log) -> Ledger:
    """Give the ledger of task 0."""
    return Ledger(log, world.names.transactional_id(0), Partition(world.names.births, 0))


def writer_of(world: World, log: Log) -> ExactlyOnceWriter:
    """Make the writer of task 0 in a process of its own."""
    return ExactlyOnceWriter(
        log,
        transactional_id=world.names.transactional_id(0),
        group=world.names.group,
        partitions=[Partition(world.topic(SOURCE), 0)],
        ledger=ledger_of(world, log),
    )


async def recovered(world: World, log: Log) -> dict[Partition, Watermark]:
    """Take task 0 over in a process of its own, and give its places."""
    writer = writer_of(world, log)
    recovery = Recovery(
        log,
        name=world.names.transactional_id(0),
        task=0,
        inputs=[Partition(world.topic(SOURCE), 0)],
        ledger=ledger_of(world, log),
        changelogs={},
        timers=None,
        guarantee="exactly_once",
        clock=world.clock,
    )
    found = await recovery.run(writer, TaskState((), 0, {}))
    await writer.close()
    return found.places


async def test_who_was_overtaken_before_the_first_batch_does_not_begin_the_task(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    slow = HookedLog(world.backend.process("slow"))
    standing = Hold("after", "log.committed")
    slow.hook = standing
    late = asyncio.ensure_future(recovered(world, slow))
    await standing.until_met()
    places = await recovered(world, world.backend.process("quick"))
    assert {partition.topic for partition in places} == {world.topic(SOURCE)}
    standing.released.set()
    with pytest.raises(ProducerFenced):
        await late


async def test_a_place_moves_past_what_had_finished_before_though_nothing_follows(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    done = await six_handled(world)
    async with started_producer(world.outside, "upstream") as upstream:
        for value in ("finished", "too"):
            await commit_records(upstream, values(world.topic(SOURCE), value))
    # "too" is at offset 8, between two markers.
    by_hand = {world.source(0): Commit(7, finished_map.encode(7, 1)), Partition(world.names.births, 0): Commit(0)}
    await world.backend.set_places(world.names.group, by_hand)
    handler = Echo()
    world.start("one", handler)
    assert await world.until_done() == done
    assert not handler.calls


async def test_a_birth_that_the_log_refuses_once_is_written_again(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    refusal = RecordsRefused({0: SendFailed("not just now")})
    one = world.start("one", Echo(), hook=failing("before", "producer.send", refusal))
    await world.publish("a")
    assert await world.until_done() == {"a": 1}
    assert not one.ended


@pytest.mark.parametrize("same", ["as committed", "as attempted"])
async def test_a_former_owner_does_not_take_its_heirs_batch_for_its_own(make_world: MakeWorld, same: str) -> None:
    world = await make_world(partitions=1)
    place, sink = Partition(world.topic(SOURCE), 0), world.topic(SINK)
    places = {place: Commit(7 if same == "as attempted" else 4)}
    process = HookedLog(world.backend.process("former"))
    former, heir = writer_of(world, process), writer_of(world, world.backend.process("heir"))
    await former.start()
    await former.write(values(sink, "first"), {place: Commit(4)})

    async def taken_over() -> None:
        await heir.start()
        await heir.write(values(sink, "the heir's"), places)
        raise LogUnavailable("no answer")

    process.hook = Fault("before", "producer.commit", taken_over)
    with pytest.raises(ProducerFenced, match="another owner"):
        await former.write(values(sink, "the former's"), {place: Commit(7)})
    await world.until_marked()
    assert bodies(await world.sink()) == ["first", "the heir's"]
    await world.until_placed(places[place])
