"""The embedded development broker: starts, carries records, keeps places and groups, and says what it cannot do."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import pytest

from headchef.runtime.errors import LogRefused
from headchef.runtime.log.embedded import embedded_broker
from headchef.runtime.log.kafka.admin import WantedTopic, administration
from headchef.runtime.log.kafka.log import KafkaLog
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.port import Commit, MemberSettings, NewRecord, Partition
from tests.support.eventually import eventually, eventually_async
from tests.support.log_client import bodies, publish, read_to_end
from tests.support.recording_member import RecordingMember

OWNER = """
import asyncio
from headchef.runtime.log.embedded import embedded_broker

async def own():
    async with embedded_broker() as address:
        print(address, flush=True)
        await asyncio.Event().wait()

asyncio.run(own())
"""

TOPIC, PARTITION = "jobs", Partition("jobs", 0)


@pytest.fixture
async def settings() -> AsyncIterator[KafkaSettings]:
    async with embedded_broker() as address:
        settings = KafkaSettings(bootstrap=address, idempotence=False)
        async with administration(settings) as admin:
            assert await admin.create([WantedTopic(TOPIC, 2, 1, {})]) == [TOPIC]
        yield settings


@pytest.fixture
async def log(settings: KafkaSettings) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(settings)
    yield log
    await log.close()


def records(count: int, *, first: int = 0) -> list[NewRecord]:
    return [NewRecord(TOPIC, str(each).encode(), b"key", 0, (("a", b"b"),)) for each in range(first, first + count)]


async def test_it_says_that_it_keeps_no_transactions(log: KafkaLog) -> None:
    assert not log.transactional
    with pytest.raises(LogRefused, match="HEADCHEF_PROCESSING_GUARANTEE"):
        await log.producer("p", "task").start()


async def test_a_log_that_expects_transactions_is_refused(settings: KafkaSettings) -> None:
    log = KafkaLog(KafkaSettings(bootstrap=settings.bootstrap))
    with pytest.raises(LogRefused, match="HEADCHEF_PROCESSING_GUARANTEE"):
        await log.producer("p", "task").start()
    with pytest.raises(LogRefused, match="HEADCHEF_KAFKA_IDEMPOTENCE"):
        await log.producer("p", None).start()
    await log.close()


async def test_a_restore_reads_batches_to_their_end(log: KafkaLog) -> None:
    await publish(log, records(5))
    await publish(log, records(3, first=5))
    reader = await log.reader("r")
    assert await log.bounds([PARTITION, Partition(TOPIC, 1)]) == {PARTITION: (0, 8), Partition(TOPIC, 1): (0, 0)}
    await reader.assign({PARTITION: 0})
    found = await read_to_end(reader, PARTITION)
    assert bodies(found) == [str(each) for each in range(8)]
    assert (found[0].key, found[0].headers) == (b"key", (("a", b"b"),))


async def test_asking_for_a_topic_does_not_make_it(log: KafkaLog) -> None:
    assert await log.partition_counts([TOPIC, "other"]) == {TOPIC: 2}
    assert await log.partition_counts(["other"]) == {}


async def test_members_share_the_tasks_and_commit(log: KafkaLog) -> None:
    members = [RecordingMember(b"a"), RecordingMember(b"b")]
    first, second = (
        log.membership(MemberSettings("group", each.said.decode(), (TOPIC,), 10.0, 0.2), each) for each in members
    )
    await first.join()
    await first.commit({PARTITION: Commit(3)})
    assert await log.committed("group", [PARTITION, Partition(TOPIC, 1)]) == {PARTITION: Commit(3)}
    await second.join()
    await eventually(lambda: sorted([*(members[0].tasks or ()), *(members[1].tasks or ())]) == [0, 1])
    await second.leave()
    await eventually(lambda: members[0].tasks == [0, 1])
    assert first.failure() is None


async def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LogRefused, match=f"{port} is taken"):
            async with embedded_broker(port):
                pass


async def test_where_there_is_no_such_broker_another_way_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALF_TANSU_BIN", "/no/such/broker")
    with pytest.raises(LogRefused, match="HEADCHEF_KAFKA"):
        async with embedded_broker():
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
async def test_it_ends_with_the_process_that_started_it() -> None:
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", OWNER, stdout=asyncio.subprocess.PIPE)
    assert owner.stdout is not None
    host, port = (await owner.stdout.readline()).decode().strip().split(":")
    owner.kill()
    await owner.wait()

    async def gone() -> bool:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            return True
        writer.close()
        await writer.wait_closed()
        return False

    await eventually_async(gone)
