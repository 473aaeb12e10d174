"""A reader that brings nothing is given up, so that who takes a task over does not wait for ever."""

from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from headchef.runtime.catching_up import read_to
from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Partition, Reader, Record
from tests.support.log_client import bodies, publish, values
from tests.support.memory_backend import MemoryBackend

PARTITION = Partition("topic", 0)


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    """Read a partition with two records from its beginning."""
    backend = MemoryBackend()
    await backend.make_topic(name=PARTITION.topic)
    log = MemoryLog(backend.cluster, "process")
    await publish(log, values(PARTITION.topic, "a", "b"))
    made = await log.reader("reader")
    await made.assign({PARTITION: 0})
    yield made
    await made.close()
    await backend.close()


async def test_all_before_the_end_is_read(reader: Reader) -> None:
    assert bodies((await read_to(reader, {PARTITION: 2}))[PARTITION]) == ["a", "b"]


async def test_a_reader_whose_fetching_has_stopped_is_given_up(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object, **__: object) -> Mapping[Partition, Sequence[Record]]:
        return {}

    monkeypatch.setattr(reader, "poll", nothing)
    with pytest.raises(LogUnavailable, match=r"topic\[0\]: nothing comes for 10 s"):
        await read_to(reader, {PARTITION: 2})
