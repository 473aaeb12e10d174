"""Stores for the tests of the cache: in memory, embedded, and on a real server."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from qdrant_client import QdrantClient

from headchef.cache.edge import EdgeAnswerStore
from headchef.cache.server import ServerAnswerStore
from headchef.cache.store import AnswerStore
from headchef.qdrant.server import QdrantServer
from tests.cache.memory_store import MemoryAnswerStore
from tests.support.eventually import PATIENCE_S
from tests.support.qdrant_server import QdrantAddress


@pytest.fixture
def server(qdrant: QdrantAddress) -> Iterator[QdrantServer]:
    """A collection of a test's own on the server, not made yet; dropped at the end."""
    server = QdrantServer(
        url=qdrant.url,
        grpc_port=qdrant.grpc_port,
        api_key=None,
        collection=f"test.{uuid.uuid4().hex}",
        open_timeout_s=PATIENCE_S,
        lookup_timeout_s=PATIENCE_S,
        put_timeout_s=PATIENCE_S,
    )
    yield server
    drop_collection(server)


def drop_collection(server: QdrantServer) -> None:
    """Drop a collection, as somebody might who tidies up a server."""
    client = QdrantClient(url=server.url, check_compatibility=False, timeout=round(PATIENCE_S))
    client.delete_collection(server.collection)
    client.close()


def make_bare_collection(server: QdrantServer) -> None:
    """Make a collection with nothing in it, and do no more, as a process that dies then."""
    client = QdrantClient(url=server.url, check_compatibility=False, timeout=round(PATIENCE_S))
    client.create_collection(server.collection, vectors_config={})
    client.close()


@pytest.fixture(params=["memory", "edge", "server"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnswerStore]:
    """An open store of each kind, with nothing in it."""
    made: AnswerStore
    match request.param:
        case "memory":
            made = MemoryAnswerStore()
        case "edge":
            made = EdgeAnswerStore(tmp_path / "answers")
        case _:
            made = ServerAnswerStore(request.getfixturevalue("server"))
    await made.open()
    yield made
    await made.close()
