"""The collections of a file, made ready to be used: each opens its store when it is first asked."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

from headchef.embedding import Embedder, HashedEmbedder
from headchef.embedding.endpoint import EmbeddingEndpoint, open_endpoint
from headchef.qdrant.points import PointsForm, PointStore
from headchef.retrieval.collection import Collection
from headchef.retrieval.form import CollectionEntry
from headchef.retrieval.reading import key_of
from headchef.runtime.clock import Clock

REQUEST_TIMEOUT_S = 10.0
"""For one request to a server; a search takes milliseconds."""


@asynccontextmanager
async def open_collections(
    path: Path,
    entries: Mapping[str, CollectionEntry],
    environment: Mapping[str, str],
    clock: Clock,
    chance: Random,
    *,
    retries: int = 0,
) -> AsyncIterator[Mapping[str, Collection]]:
    """Make collections ready; their connections end with the context.

    Args:
        path: of the file that describes them.
        entries: those that are wanted, by name.
        environment: has the keys that they name.
        clock: for pauses between tries.
        chance: of the jitter of pauses.
        retries: of each request for vectors; 0 where whoever searches tries again itself.

    Raises:
        BadCollections: a key is not where the file says.
    """
    async with AsyncExitStack() as stack:
        collections: dict[str, Collection] = {}
        for name, entry in entries.items():
            place = f"collections.{name}"
            embedder: Embedder
            if entry.endpoint is not None:
                where = entry.endpoint
                endpoint = EmbeddingEndpoint(
                    base_url=where.base_url,
                    api_key=key_of(where, f"{place}.endpoint", path, environment),
                    model=where.model,
                    dimensions=where.dimensions,
                    batch=where.batch,
                    timeout_s=where.timeout_s,
                    retries=retries,
                )
                embedder = await stack.enter_async_context(open_endpoint(endpoint, clock, chance))
            elif entry.hashed is not None:
                embedder = HashedEmbedder(entry.hashed.dimensions)
            else:
                raise AssertionError("the form sees to it that there is an embedder")
            store = _store(name, entry, embedder.dimensions, path, environment)
            collections[name] = Collection(entry, embedder, store)
            stack.push_async_callback(collections[name].close)
        yield collections


def _store(
    name: str, entry: CollectionEntry, dimensions: int, path: Path, environment: Mapping[str, str]
) -> PointStore:
    there = entry.collection or name
    form = PointsForm(
        vector=entry.vector,
        dimensions=dimensions,
        tenant_field=entry.tenant_field,
        remedy="mend the file of collections, or load it anew",
    )
    if entry.server is not None:
        from headchef.qdrant.server import QdrantServer
        from headchef.qdrant.server_points import ServerPoints

        server = QdrantServer(
            url=entry.server.url,
            grpc_port=entry.server.grpc_port,
            api_key=key_of(entry.server, f"collections.{name}.server", path, environment),
            collection=there,
            open_timeout_s=REQUEST_TIMEOUT_S,
            lookup_timeout_s=REQUEST_TIMEOUT_S,
            put_timeout_s=REQUEST_TIMEOUT_S,
        )
        return ServerPoints(server, form)
    if entry.folder is None:
        raise AssertionError("the form sees to it that there is a folder or a server")
    from headchef.qdrant.embedded_points import EmbeddedPoints

    return EmbeddedPoints(path.parent / entry.folder / there, form)
