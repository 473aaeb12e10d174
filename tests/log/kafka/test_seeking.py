"""A reader that jumps to and fro, as one does that reads again, keeps nothing of where it has been."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest
from aiokafka.consumer.fetcher import PartitionRecords

from headchef.runtime.log.port import Partition
from tests.support.backends import Backend
from tests.support.eventually import PATIENCE_S
from tests.support.log_client import bodies, publish, values


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> Iterator[weakref.WeakSet[PartitionRecords]]:
    """Know all parts of fetches that are still in memory, while nothing looks for cycles."""
    made: weakref.WeakSet[PartitionRecords] = weakref.WeakSet()
    make: Callable[..., None] = PartitionRecords.__init__

    def noted(self: PartitionRecords, *arguments: object, **named: object) -> None:
        make(self, *arguments, **named)
        made.add(self)

    monkeypatch.setattr(PartitionRecords, "__init__", noted)
    gc.disable()
    yield made
    gc.enable()


async def test_what_a_seek_drops_is_free_at_once(backend: Backend, fetched: weakref.WeakSet[PartitionRecords]) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    await publish(log, values(topic, *"abcdefgh"))
    reader = await log.reader("r")
    partition = Partition(topic, 0)
    for start, body in [(0, "a"), (5, "f"), (2, "c"), (6, "g"), (1, "b")]:
        await reader.assign({partition: start})
        [one] = (await reader.poll([partition], max_records=1, timeout_s=PATIENCE_S))[partition]
        assert bodies([one]) == [body]
    assert len(fetched) <= 1
