"""What happens to batches is tested on both logs: in memory on virtual time, and on a real Kafka."""

from collections.abc import AsyncIterator

import pytest

from tests.batches.behaviour.world import BatchWorld
from tests.runtime.behaviour.conftest import backend, collected, pytest_asyncio_loop_factories
from tests.support.backends import Backend

__all__ = ["backend", "collected", "pytest_asyncio_loop_factories"]


@pytest.fixture
async def world(backend: Backend) -> AsyncIterator[BatchWorld]:
    """The topics of the processor, and nobody who reads them yet."""
    world = BatchWorld(backend)
    await world.make_topics()
    yield world
    await world.close()
