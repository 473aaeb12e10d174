"""What only the in-memory log can be made to show: compaction, expiry, slow markers and lost requests."""

import asyncio

import pytest

from headchef.runtime.errors import LogRefused, OffsetLost
from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.runtime.log.port import Commit, NewRecord, Partition
from tests.support.eventually import eventually
from tests.support.group_client import HEARTBEAT_S, join, settings, settled
from tests.support.log_client import bodies, commit_records, publish, read_to_end, started_producer, values, write
from tests.support.memory_backend import MemoryBackend
from tests.support.recording_member import RecordingMember
from tests.support.virtual_time import LoopClock

pytestmark = pytest.mark.asyncio(loop_factories=["memory"])


async def test_compaction_keeps_the_newest_of_each_key_at_its_offset(memory: MemoryBackend) -> None:
    topic = await memory.make_topic(compacted=True)
    log, partition = memory.process("p"), Partition(topic, 0)
    written = [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1"), ("b", None)]
    await publish(
        log, [NewRecord(topic, None if body is None else body.encode(), key=key.encode()) for key, body in written]
    )
    memory.cluster.compact(topic)
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    kept = [(record.offset, record.key, record.value) for record in await read_to_end(reader, partition)]
    assert kept == [(2, b"a", b"2"), (3, b"c", b"1"), (4, b"b", None)]
    assert reader.position(partition) == 5


async def test_compaction_leaves_an_open_transaction_alone_and_drops_aborted_ones(memory: MemoryBackend) -> None:
    topic = await memory.make_topic(compacted=True)
    log = memory.process("p")
    async with started_producer(log, memory.name("task")) as producer:
        await commit_records(producer, [NewRecord(topic, b"old", key=b"k")])
        await producer.begin()
        await write(producer, [NewRecord(topic, b"void", key=b"k")])
        await producer.abort()
        await producer.begin()
        await write(producer, [NewRecord(topic, b"open", key=b"k")])
        memory.cluster.compact(topic)
        assert bodies(await memory.read_all(topic)) == ["old", "open"]
        await producer.commit()
    await asyncio.sleep(1)
    memory.cluster.compact(topic)
    assert bodies(await memory.read_committed(topic)) == ["open"]


async def test_a_reader_behind_a_deletion_is_told_while_it_reads(memory: MemoryBackend) -> None:
    topic = await memory.make_topic()
    log, partition = memory.process("p"), Partition(topic, 0)
    await publish(log, values(topic, *"abcd"))
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    await reader.poll([partition], max_records=1, timeout_s=1.0)
    await memory.delete_records(partition, 3)
    with pytest.raises(OffsetLost, match="offsets 1 to 2"):
        await reader.poll([partition], max_records=1, timeout_s=1.0)


async def test_offsets_expire_when_a_group_has_had_no_members_for_long_enough(memory: MemoryBackend) -> None:
    cluster = Cluster(LoopClock(), offsets_retention_s=60.0)
    cluster.create_topic("topic", 1)
    partition, witness, log = Partition("topic", 0), MemoryLog(cluster, "witness"), MemoryLog(cluster, "p")
    membership = log.membership(settings("group", "a", "topic", session_timeout_s=2.0), RecordingMember())
    await membership.join()
    await membership.commit({partition: Commit(3)})
    await asyncio.sleep(90)
    assert await witness.committed("group", [partition]) == {partition: Commit(3)}
    log.kill()
    await asyncio.sleep(55)
    assert await witness.committed("group", [partition]) == {partition: Commit(3)}
    await asyncio.sleep(10)
    assert await witness.committed("group", [partition]) == {}
    cluster.close()


async def test_members_learn_of_new_partitions(memory: MemoryBackend) -> None:
    topic, group = await memory.make_topic(2), memory.name("group")
    leader = await join(memory, group, memory.name("a"), topic)
    follower = await join(memory, group, memory.name("b"), topic)
    await settled(leader, follower)
    await memory.grow_topic(topic, 5)
    await eventually(lambda: leader.member.counts[-1] == 5)
    await settled(leader, follower)


async def test_a_request_to_rejoin_during_a_join_is_lost(memory: MemoryBackend) -> None:
    topic, group = await memory.make_topic(2), memory.name("group")
    leader = await join(memory, group, memory.name("a"), topic)
    log, instance = memory.process("b"), memory.name("b")
    member = RecordingMember(b"b")
    membership = log.membership(settings(group, instance, topic), member)
    joining = asyncio.ensure_future(membership.join())
    await asyncio.sleep(HEARTBEAT_S / 4)
    assert not joining.done()
    member.said = b"changed while it waited"
    membership.rejoin()
    await joining
    await asyncio.sleep(10)
    assert len(member.payloads) == 1
    assert leader.member.rounds[-1] == [leader.member.said, b"b"]


async def test_markers_may_come_late_and_hold_back_the_next_transaction(memory: MemoryBackend) -> None:
    cluster = Cluster(LoopClock(), marker_delay_s=0.5)
    cluster.create_topic("topic", 1)
    log, partition = MemoryLog(cluster, "p"), Partition("topic", 0)
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    async with started_producer(log, "task") as producer:
        await commit_records(producer, values("topic", "a"))
        assert not await reader.poll([partition], max_records=1, timeout_s=0.4)
        assert await reader.poll([partition], max_records=1, timeout_s=0.2)
        await commit_records(producer, values("topic", "b"))
        started_s = asyncio.get_running_loop().time()
        await commit_records(producer, values("topic", "c"))
        assert asyncio.get_running_loop().time() - started_s == pytest.approx(0.5)
    cluster.close()


async def test_a_log_without_transactions_says_which_setting_helps(memory: MemoryBackend) -> None:
    cluster = Cluster(LoopClock(), transactional=False)
    cluster.create_topic("topic", 1)
    log, partition = MemoryLog(cluster, "p"), Partition("topic", 0)
    assert not log.transactional
    with pytest.raises(LogRefused, match="HEADCHEF_PROCESSING_GUARANTEE"):
        await log.producer("p", "task").start()
    membership = log.membership(settings("group", "a", "topic"), RecordingMember())
    await membership.join()
    await membership.commit({partition: Commit(3, "dropped, as the embedded broker does")})
    assert await log.committed("group", [partition]) == {partition: Commit(3)}
    log.kill()
    cluster.close()


async def test_topics_are_made_once(memory: MemoryBackend) -> None:
    topic = await memory.make_topic()
    with pytest.raises(LogRefused):
        memory.cluster.create_topic(topic, 1)


async def test_a_topic_that_does_not_exist_is_refused_wherever_it_is_named(memory: MemoryBackend) -> None:
    log, partition = memory.process("p"), Partition("no-such-topic", 0)
    reader = await log.reader("r")
    for call in (reader.assign({partition: 0}), reader.bounds([partition])):
        with pytest.raises(LogRefused):
            await call
