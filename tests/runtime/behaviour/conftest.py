"""Every behaviour is tested on both logs: in memory on virtual time, and on a real Kafka."""

import gc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.log.conftest import backend, pytest_asyncio_loop_factories
from tests.runtime.behaviour.world import World
from tests.support.backends import Backend
from tests.support.group_client import LASTING_S

__all__ = ["backend", "pytest_asyncio_loop_factories"]

MakeWorld = Callable[..., Awaitable[World]]


@pytest.fixture(autouse=True)
def collected(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect what killed processes leave behind, after all else of a test has ended.

    aiokafka leaves a connection to the collector if whoever was about to open it is cut off.
    """
    yield
    if "[kafka" in request.node.name:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture
async def make_world(backend: Backend) -> AsyncIterator[MakeWorld]:
    """Make a world with its topics, where sessions last unless told otherwise; everything in it ends with the test."""
    made: list[World] = []

    async def make(*, sink_max_bytes: int | None = None, **about: Any) -> World:
        world = World(backend, **{"session_s": LASTING_S, **about})
        made.append(world)
        await world.make_topics(sink_max_bytes)
        return world

    yield make
    for world in made:
        await world.close()
