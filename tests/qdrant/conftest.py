"""Stores of points for tests: in memory, embedded, and on a real server."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from qdrant_client import QdrantClient

from headchef.qdrant.embedded_points import EmbeddedPoints
from headchef.qdrant.points import PointsForm, PointStore
from headchef.qdrant.server import QdrantServer
from headchef.qdrant.server_points import ServerPoints
from tests.qdrant.memory_points import MemoryPoints
from tests.support.eventually import PATIENCE_S
from tests.support.qdrant_server import QdrantAddress

DIMENSIONS = 4
FORM = PointsForm(vector="", dimensions=DIMENSIONS, tenant_field="tenant", ordered=("age",), remedy="mend it")


@pytest.fixture
def collection(qdrant: QdrantAddress) -> Iterator[str]:
    """The name of a collection of a test's own on the server, not made yet; dropped at the end."""
    name = f"test.{uuid.uuid4().hex}"
    yield name
    client = QdrantClient(url=qdrant.url, check_compatibility=False, timeout=round(PATIENCE_S))
    client.delete_collection(name)
    client.close()


@pytest.fixture(params=["memory", "edge", "server"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PointStore]:
    """A store of each kind, not made yet."""
    made: PointStore
    match request.param:
        case "memory":
            made = MemoryPoints(DIMENSIONS)
        case "edge":
            made = EmbeddedPoints(tmp_path / "guides", FORM)
        case _:
            qdrant: QdrantAddress = request.getfixturevalue("qdrant")
            made = server_store(qdrant, request.getfixturevalue("collection"))
    yield made
    await made.close()


def server_store(qdrant: QdrantAddress, collection: str, form: PointsForm = FORM) -> ServerPoints:
    """Speak to a collection on the server."""
    return ServerPoints(
        QdrantServer(
            url=qdrant.url,
            grpc_port=qdrant.grpc_port,
            api_key=None,
            collection=collection,
            open_timeout_s=PATIENCE_S,
            lookup_timeout_s=PATIENCE_S,
            put_timeout_s=PATIENCE_S,
        ),
        form,
    )
