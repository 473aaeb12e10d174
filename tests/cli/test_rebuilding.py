"""`headchef cache rebuild`: the store is marked, also one that a cache has open, and what is wrong is said."""

import asyncio
import json
from pathlib import Path

from headchef.cache.edge import EdgeAnswerStore
from headchef.cache.server import ServerAnswerStore
from headchef.qdrant.server import QdrantServer
from tests.cache.builders import make_sought, make_stored
from tests.cli.desk import Desk
from tests.support.eventually import PATIENCE_S
from tests.support.qdrant_server import QdrantAddress


async def test_a_folder_is_marked_while_a_cache_has_it_open(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"HEADCHEF_CACHE_FOLDER": str(tmp_path), "HEADCHEF_NAMESPACE": "kitchen"})
    store = EdgeAnswerStore(tmp_path / "kitchen")
    await store.open()
    await store.put([make_stored()])
    await store.set_unfilled(False)
    said = await asyncio.to_thread(desk.type, "cache", "rebuild", "--json")
    assert json.loads(said) == {"store": str(tmp_path / "kitchen"), "from": "cache.settled"}
    assert await store.unfilled()
    assert list(await store.lookup([make_sought()])) == [make_stored()]
    await store.close()


def test_a_folder_that_is_not_there_is_a_failure_that_names_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"HEADCHEF_CACHE_FOLDER": str(tmp_path), "HEADCHEF_NAMESPACE": "nowhere"})
    process = desk.start("cache", "rebuild")
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert str(tmp_path / "nowhere") in err
    assert "HEADCHEF_CACHE_FOLDER" in err


async def test_a_collection_is_marked_and_made_if_it_is_gone(qdrant: QdrantAddress, tmp_path: Path) -> None:
    collection = f"test.{tmp_path.name}"
    desk = Desk(
        tmp_path,
        {
            "HEADCHEF_CACHE_QDRANT_URL": qdrant.url,
            "HEADCHEF_CACHE_QDRANT_GRPC_PORT": str(qdrant.grpc_port),
            "HEADCHEF_CACHE_COLLECTION": collection,
        },
    )
    await asyncio.to_thread(desk.type, "cache", "rebuild", "--json")
    store = ServerAnswerStore(QdrantServer(qdrant.url, qdrant.grpc_port, None, collection, *[PATIENCE_S] * 3))
    await store.open()
    assert await store.unfilled()
    await store.set_unfilled(False)
    assert not await store.unfilled()
    assert await store.count() == 0
    await store.close()
