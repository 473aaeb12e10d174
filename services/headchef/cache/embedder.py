"""Assembles what makes vectors of questions: the embedder that is set, and what keeps its vectors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.embedder_settings import EmbedderSettings
from headchef.cache.meaning_points import collection_of
from headchef.cache.places import points_of
from headchef.cache.settings import CacheSettings
from headchef.cache.shelf import PointShelf, shelf_form
from headchef.embedding import Embedder, EmbedderMissing, HashedEmbedder
from headchef.embedding.endpoint import EmbeddingEndpoint, open_endpoint
from headchef.embedding.kept import KeptEmbedder, NoShelf
from headchef.embedding.wordllama import load_wordllama
from headchef.runtime.settings import BadSettings
from headchef.runtime.surroundings import Surroundings

Value = TypeVar("Value")


@asynccontextmanager
async def open_embedder(
    settings: EmbedderSettings, cache: CacheSettings, namespace: str, surroundings: Surroundings
) -> AsyncIterator[KeptEmbedder]:
    """Open the embedder that is set; its connections end with the context.

    What an endpoint has made is kept in a store: another request costs money and 50 ms or more. What is made here is
    only held in memory: a text takes 0.5 ms by hashed words and 0.2 by WordLlama, and a store 0.2 to write and read it.

    Args:
        settings: which it is.
        cache: where the cache keeps things, and how long it waits for them.
        namespace: keeps environments apart that share a server or a machine.
        surroundings: what the host lends.

    Raises:
        BadSettings: it is not installed, or something of it is not set, or is set for another kind.
    """
    if settings.kind != "endpoint":
        _refuse_an_endpoint(settings)
        yield KeptEmbedder(local_embedder(settings), NoShelf(), settings.max_held)
        return
    endpoint = endpoint_of(settings)
    clock = surroundings.clock
    async with open_endpoint(endpoint, clock, surroundings.random) as embedder:
        points = points_of(cache, namespace, f"vectors.{collection_of(embedder)}", shelf_form(embedder))
        circuit = CircuitPolicy(cache.retry_first_s, cache.retry_longest_s)
        shelf = PointShelf(points, settings.max_kept, circuit, cache.lookup_timeout_s, clock, surroundings.metrics)
        try:
            yield KeptEmbedder(embedder, shelf, settings.max_held)
        finally:
            await shelf.close()


def endpoint_of(settings: EmbedderSettings) -> EmbeddingEndpoint:
    """Give the endpoint that is set.

    Raises:
        BadSettings: something of it is not set.
    """
    return EmbeddingEndpoint(
        base_url=str(_needed("url", settings.url)).rstrip("/"),
        api_key=settings.api_key,
        model=_needed("model", settings.model),
        dimensions=_needed("dimensions", settings.dimensions),
        dimensions_field="HEADCHEF_CACHE_EMBEDDER_DIMENSIONS",
        batch=settings.batch,
        timeout_s=settings.timeout_s,
        # Whoever waits for it goes on without it, and asks again later.
        retries=0,
    )


def _needed(name: str, value: Value | None) -> Value:
    if value is None:
        description = EmbedderSettings.model_fields[name].description
        message = f"must be set where HEADCHEF_CACHE_EMBEDDER_KIND is endpoint ({description})"
        raise BadSettings(f"HEADCHEF_CACHE_EMBEDDER_{name.upper()}", message)
    return value


def _refuse_an_endpoint(settings: EmbedderSettings) -> None:
    """Tell whoever names one and forgets the kind; else words would be compared that were to be embedded."""
    for name, value in (("url", settings.url), ("model", settings.model)):
        if value is not None:
            message = f"is of an endpoint, and the kind is {settings.kind}: set HEADCHEF_CACHE_EMBEDDER_KIND=endpoint"
            raise BadSettings(f"HEADCHEF_CACHE_EMBEDDER_{name.upper()}", f"{message}, or leave it out")


def local_embedder(settings: EmbedderSettings) -> Embedder:
    """Make the embedder that is set, which works here and is no endpoint.

    Raises:
        BadSettings: it is not installed, or something of it is not as it needs it.
    """
    if settings.kind == "hashed":
        return HashedEmbedder() if settings.dimensions is None else HashedEmbedder(settings.dimensions)
    try:
        embedder = load_wordllama()
    except EmbedderMissing as error:
        raise BadSettings("HEADCHEF_CACHE_EMBEDDER_KIND", str(error)) from error
    if settings.dimensions not in (None, embedder.dimensions):
        message = f"wordllama has vectors of {embedder.dimensions} numbers: leave it out"
        raise BadSettings("HEADCHEF_CACHE_EMBEDDER_DIMENSIONS", message)
    return embedder
