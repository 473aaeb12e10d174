"""The in-memory log on virtual time has no chance in it: the same program gives the same log at the same times."""

import asyncio

from headchef.runtime.log.port import NewRecord
from tests.support.group_client import join, settled
from tests.support.log_client import commit_records, started_producer
from tests.support.memory_backend import MemoryBackend
from tests.support.virtual_time import VirtualTimeLoop


def test_the_same_program_gives_the_same_log() -> None:
    async def program() -> list[object]:
        memory = MemoryBackend()
        topic, group = await memory.make_topic(4), memory.name("group")
        members = [await join(memory, group, memory.name("m"), topic) for _ in range(3)]
        await settled(*members)
        await memory.kill(members[0].log)
        await settled(*members[1:])
        for number in range(10):
            async with started_producer(members[1].log, memory.name("task")) as producer:
                await commit_records(producer, [NewRecord(topic, str(number).encode())])
        await asyncio.sleep(1)
        seen = [*memory.cluster.read_committed(topic), *[each.member.payloads for each in members]]
        await memory.close()
        return [*seen, asyncio.get_running_loop().time()]

    def run() -> list[object]:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            return runner.run(program())

    assert run() == run()
