"""What owners of pools make of what is observed is tested on both logs: in memory, and on a real Kafka."""

from collections.abc import AsyncIterator

import pytest

from tests.accounts.behaviour.world import AccountsWorld
from tests.runtime.behaviour.conftest import backend, collected, pytest_asyncio_loop_factories
from tests.support.backends import Backend

__all__ = ["backend", "collected", "pytest_asyncio_loop_factories"]


@pytest.fixture
async def world(backend: Backend) -> AsyncIterator[AccountsWorld]:
    """The topics of the accounts, and nobody who keeps them yet."""
    world = AccountsWorld(backend)
    await world.make_topics()
    yield world
    await world.close()
