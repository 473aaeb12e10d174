"""What a cache does with equal questions is tested on both logs: in memory on virtual time, and on a real Kafka."""

from collections.abc import AsyncIterator

import pytest

from tests.cache.behaviour.world import CacheWorld
from tests.runtime.behaviour.conftest import backend, collected, pytest_asyncio_loop_factories
from tests.support.backends import Backend

__all__ = ["backend", "collected", "pytest_asyncio_loop_factories"]


@pytest.fixture
async def world(backend: Backend) -> AsyncIterator[CacheWorld]:
    """The topics of the cache, and nobody who reads them yet."""
    world = CacheWorld(backend)
    await world.make_topics()
    yield world
    await world.close()
