"""Every test of the seam runs on both logs: in memory on virtual time, and on a real Kafka."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from tests.support.backends import Backend
from tests.support.kafka_backend import KafkaBackend
from tests.support.memory_backend import MemoryBackend
from tests.support.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test once for each of these; the loop decides the log."""
    return {"memory": VirtualTimeLoop, "kafka": asyncio.new_event_loop}


@pytest.fixture
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    """The log under test."""
    made: Backend
    if isinstance(asyncio.get_running_loop(), VirtualTimeLoop):
        made = MemoryBackend()
    else:
        made = KafkaBackend(request.getfixturevalue("kafka"))
    yield made
    await made.close()


@pytest.fixture
def memory(backend: Backend) -> MemoryBackend:
    """The log in memory, for tests of what only it can do."""
    assert isinstance(backend, MemoryBackend)
    return backend
