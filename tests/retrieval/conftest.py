"""Stores of a collection for tests: in memory, embedded, and on a real server."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from qdrant_client import QdrantClient

from headchef.retrieval.edge import EdgeCollectionStore
from headchef.retrieval.server import ServerCollectionStore
from headchef.retrieval.store import CollectionStore
from tests.retrieval.memory_store import MemoryCollectionStore
from tests.support.qdrant_server import QdrantAddress

DIMENSIONS = 4


@pytest.fixture
def collection(qdrant: QdrantAddress) -> Iterator[str]:
    """The name of a collection of a test's own on the server, not made yet; dropped at the end."""
    name = f"test.{uuid.uuid4().hex}"
    yield name
    client = QdrantClient(url=qdrant.url, check_compatibility=False)
    client.delete_collection(name)
    client.close()


@pytest.fixture(params=["memory", "edge", "server"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CollectionStore]:
    """A store of each kind, not made yet."""
    made: CollectionStore
    match request.param:
        case "memory":
            made = MemoryCollectionStore(DIMENSIONS)
        case "edge":
            made = EdgeCollectionStore(tmp_path / "guides", "", DIMENSIONS)
        case _:
            qdrant: QdrantAddress = request.getfixturevalue("qdrant")
            made = server_store(qdrant, request.getfixturevalue("collection"))
    yield made
    await made.close()


def server_store(
    qdrant: QdrantAddress, collection: str, dimensions: int = DIMENSIONS, vector: str = ""
) -> ServerCollectionStore:
    """Speak to a collection on the server."""
    return ServerCollectionStore(
        url=qdrant.url,
        grpc_port=qdrant.grpc_port,
        api_key=None,
        collection=collection,
        vector=vector,
        dimensions=dimensions,
        tenant_field="tenant",
    )
