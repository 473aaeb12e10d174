"""What a test can do to a process on the in-memory log: kill it, freeze it, and make each of its requests fail."""

import asyncio

import pytest

from headchef.runtime.errors import LogUnavailable, ProducerBroken, SendFailed
from headchef.runtime.log.memory import MemoryLog, Operation
from headchef.runtime.log.port import Commit, Partition
from tests.support.group_client import SESSION_TIMEOUT_S, join, settings, settled
from tests.support.log_client import bodies, commit_records, started_producer, take, values, write
from tests.support.memory_backend import MemoryBackend
from tests.support.recording_member import RecordingMember
from tests.support.scripted_faults import ScriptedFaults

pytestmark = pytest.mark.asyncio(loop_factories=["memory"])


async def lost() -> None:
    raise LogUnavailable("lost on the way")


async def never() -> None:
    await asyncio.Event().wait()


async def test_no_request_of_a_killed_process_returns_or_has_an_effect(memory: MemoryBackend) -> None:
    topic = await memory.make_topic()
    log, partition = memory.process("victim"), Partition(topic, 0)
    producer = log.producer("p", memory.name("task"))
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    await producer.start()
    await producer.begin()
    await producer.send(values(topic, "never arrives"))
    log.kill()
    calls = [
        asyncio.ensure_future(each)
        for each in (
            producer.commit(),
            producer.start(),
            producer.send(values(topic, "x")),
            reader.poll([partition], max_records=1, timeout_s=1.0),
            reader.bounds([partition]),
            log.committed("group", [partition]),
            log.partition_counts([topic]),
        )
    ]
    await asyncio.sleep(60)
    assert not any(call.done() for call in calls)
    assert not await memory.read_all(topic)
    for call in calls:
        call.cancel()


async def test_a_poll_under_way_does_not_return_to_a_killed_process(memory: MemoryBackend) -> None:
    topic = await memory.make_topic()
    log, partition = memory.process("victim"), Partition(topic, 0)
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    poll = asyncio.ensure_future(reader.poll([partition], max_records=1, timeout_s=5.0))
    await asyncio.sleep(1)
    log.kill()
    await asyncio.sleep(60)
    assert not poll.done()
    poll.cancel()


async def test_a_frozen_member_loses_its_place_and_takes_it_again_when_thawed(memory: MemoryBackend) -> None:
    topic, group = await memory.make_topic(4), memory.name("group")
    steady = await join(memory, group, memory.name("a"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    sleeper = await join(memory, group, memory.name("b"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    await settled(steady, sleeper)
    assert isinstance(sleeper.log, MemoryLog)
    sleeper.log.freeze()
    await settled(steady)
    sleeper.log.thaw()
    await settled(steady, sleeper)
    assert sleeper.membership.failure() is None


async def test_a_short_freeze_goes_unnoticed(memory: MemoryBackend) -> None:
    topic, group = await memory.make_topic(4), memory.name("group")
    steady = await join(memory, group, memory.name("a"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    sleeper = await join(memory, group, memory.name("b"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    await settled(steady, sleeper)
    rounds = len(steady.member.rounds)
    assert isinstance(sleeper.log, MemoryLog)
    sleeper.log.freeze()
    await asyncio.sleep(SESSION_TIMEOUT_S / 2)
    sleeper.log.thaw()
    await asyncio.sleep(SESSION_TIMEOUT_S * 2)
    assert len(steady.member.rounds) == rounds


async def test_a_frozen_producer_is_fenced_when_its_transaction_times_out_meanwhile(memory: MemoryBackend) -> None:
    topic = await memory.make_topic()
    log = memory.process("p", transaction_timeout_s=1.0)
    async with started_producer(log, memory.name("task")) as producer:
        await producer.begin()
        await write(producer, values(topic, "void"))
        log.freeze()
        commit = asyncio.ensure_future(producer.commit())
        await asyncio.sleep(10)
        assert not commit.done()
        log.thaw()
        with pytest.raises(Exception, match="no longer the owner"):
            await commit
    assert not await memory.read_committed(topic)


@pytest.mark.parametrize("operation", ["join", "sync", "heartbeat"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_member_gets_over_lost_requests(memory: MemoryBackend, moment: str, operation: Operation) -> None:
    faults = ScriptedFaults()
    topic, instance = await memory.make_topic(2), memory.name("a")
    log = MemoryLog(memory.cluster, instance, faults=faults)
    member = RecordingMember()
    faults.once("before" if moment == "before" else "after", operation, lost)
    membership = log.membership(
        settings(memory.name("group"), instance, topic, session_timeout_s=SESSION_TIMEOUT_S), member
    )
    await membership.join()
    await asyncio.sleep(SESSION_TIMEOUT_S * 2)
    assert (membership.failure(), member.tasks) == (None, [0, 1])
    log.kill()


async def test_heartbeats_that_never_arrive_cost_the_place(memory: MemoryBackend) -> None:
    faults = ScriptedFaults()
    topic, group, instance = await memory.make_topic(2), memory.name("group"), memory.name("b")
    steady = await join(memory, group, memory.name("a"), topic)
    log = MemoryLog(memory.cluster, instance, faults=faults)
    membership = log.membership(
        settings(group, instance, topic, session_timeout_s=SESSION_TIMEOUT_S), RecordingMember(b"b")
    )
    await membership.join()
    await settled(steady, of=2)
    faults.always("before", "heartbeat", lost)
    await settled(steady)
    faults.stop()
    await settled(steady, of=2)
    assert membership.failure() is None
    log.kill()


async def test_a_commit_whose_answer_is_lost_has_happened(memory: MemoryBackend) -> None:
    faults = ScriptedFaults()
    topic = await memory.make_topic()
    log = MemoryLog(memory.cluster, "p", faults=faults)
    async with started_producer(log, memory.name("task")) as producer:
        faults.once("after", "commit", lost)
        with pytest.raises(LogUnavailable):
            await commit_records(producer, values(topic, "kept"))
        with pytest.raises(ProducerBroken):
            await producer.begin()
    await asyncio.sleep(1)
    assert bodies(await memory.read_committed(topic)) == ["kept"]


async def test_a_commit_that_does_not_arrive_has_not_happened(memory: MemoryBackend) -> None:
    faults = ScriptedFaults()
    topic, transactional_id = await memory.make_topic(), memory.name("task")
    log = MemoryLog(memory.cluster, "p", faults=faults)
    async with started_producer(log, transactional_id) as producer:
        faults.once("before", "commit", lost)
        with pytest.raises(LogUnavailable):
            await commit_records(producer, values(topic, "void"))
    async with started_producer(log, transactional_id) as producer:
        await commit_records(producer, values(topic, "again"))
    await asyncio.sleep(1)
    assert bodies(await memory.read_committed(topic)) == ["again"]


@pytest.mark.parametrize(("moment", "written"), [("before", []), ("after", ["x"])])
async def test_records_whose_request_or_answer_is_lost_say_so(
    memory: MemoryBackend, moment: str, written: list[str]
) -> None:
    faults = ScriptedFaults()
    topic = await memory.make_topic()
    log = MemoryLog(memory.cluster, "p", faults=faults)
    async with started_producer(log) as producer:
        faults.once("before" if moment == "before" else "after", "produce", lost)
        with pytest.raises(LogUnavailable):
            await write(producer, values(topic, "x"))
    assert bodies(await memory.read_all(topic)) == written


async def test_records_whose_fetch_is_lost_are_fetched_again(memory: MemoryBackend) -> None:
    faults = ScriptedFaults()
    topic, partition = await memory.make_topic(), Partition("topic.1", 0)
    log = MemoryLog(memory.cluster, "p", faults=faults)
    async with started_producer(log) as producer:
        await write(producer, values(topic, "a", "b"))
    reader = await log.reader("r")
    await reader.assign({partition: 0})
    faults.once("after", "fetch", lost)
    with pytest.raises(LogUnavailable):
        await reader.poll([partition], max_records=10, timeout_s=1.0)
    assert bodies(await take(reader, [partition], 2)) == ["a", "b"]


async def test_a_request_that_hangs_ends_at_its_timeout(memory: MemoryBackend) -> None:
    faults = ScriptedFaults()
    log = MemoryLog(memory.cluster, "p", faults=faults, request_timeout_s=5.0)
    faults.once("before", "init_producer", never)
    started_s = asyncio.get_running_loop().time()
    with pytest.raises(LogUnavailable, match="init_producer"):
        await log.producer("p", memory.name("task")).start()
    assert asyncio.get_running_loop().time() - started_s == pytest.approx(5.0)


async def test_a_fault_can_kill_the_process_between_effect_and_answer(memory: MemoryBackend) -> None:
    faults = ScriptedFaults()
    topic, group = await memory.make_topic(), memory.name("group")
    log, partition = MemoryLog(memory.cluster, "victim", faults=faults), Partition(topic, 0)
    producer = log.producer("p", memory.name("task"))
    await producer.start()
    await producer.begin()
    await write(producer, values(topic, "kept"))
    await producer.send_offsets(group, {partition: Commit(1)})

    async def die() -> None:
        log.kill()

    faults.once("after", "commit", die)
    commit = asyncio.ensure_future(producer.commit())
    await asyncio.sleep(60)
    assert not commit.done()
    assert bodies(await memory.read_committed(topic)) == ["kept"]
    assert await memory.process("witness").committed(group, [partition]) == {partition: Commit(1)}
    commit.cancel()


async def test_faults_see_what_a_process_asks_for(memory: MemoryBackend) -> None:
    faults = ScriptedFaults()
    topic, group = await memory.make_topic(), memory.name("group")
    log, partition = MemoryLog(memory.cluster, "p", faults=faults), Partition(topic, 0)
    async with started_producer(log, memory.name("task")) as producer:
        await producer.begin()
        await write(producer, values(topic, "a"))
        await producer.send_offsets(group, {partition: Commit(1)})
        await producer.commit()
    assert faults.seen == ["init_producer", "produce", "send_offsets", "commit"]


async def test_a_record_can_be_refused_alone(memory: MemoryBackend) -> None:
    faults = ScriptedFaults()
    topic = await memory.make_topic(2)
    log = MemoryLog(memory.cluster, "p", faults=faults)
    async with started_producer(log) as producer:
        faults.refuse(b"a", "not today")
        first, second = await producer.send([*values(topic, "a"), *values(topic, "b", partition=1)])
        with pytest.raises(SendFailed, match="not today"):
            await first
        await second
    async with started_producer(log) as producer:
        await write(producer, values(topic, "a"))
    assert sorted(bodies(await memory.read_committed(topic))) == ["a", "b"]
