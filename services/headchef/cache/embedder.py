"""Assembles what makes vectors of questions: the embedder that is set, and what keeps its vectors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.embedder_settings import EmbedderSettings
from headchef.cache.meaning_points import collection_of
from headchef.cache.places import points_of
from headchef.cache.settings import CacheSettings
from headchef.cache.shelf import PointShelf, shelf_form
from headchef.embedding import Embedder, EmbedderMissing, HashedEmbedder
from headchef.embedding.endpoint import EmbeddingEndpoint, open_endpoint
from headchef.embedding.gathering import GatheredEmbedder, Gathering
from headchef.embedding.kept import KeptEmbedder, NoShelf
from headchef.embedding.lane import EmbeddingLane, EmbeddingQuota
from headchef.embedding.portioned import PortionedEmbedder
from headchef.embedding.wordllama import load_wordllama
from headchef.runtime.admission import Sharing
from headchef.runtime.clock import Clock
from headchef.runtime.settings import BadSettings
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.metrics import Metrics

Value = TypeVar("Value")


_MOST_CHARACTERS = 200_000
"""Of what is embedded here at once: 0.8 s at 4 µs each, the slowest by hashed words, of the 3 s that steps wait."""
_OF_AN_ENDPOINT = ("url", "model", "requests_per_minute", "tokens_per_minute", "concurrency", "price_usd")


@dataclass(frozen=True, slots=True)
class OpenEmbedder:
    """An embedder that is ready.

    Attributes:
        embedder: makes vectors, and keeps them.
        sharing: told which tasks are at work, since they share a quota; None where there is none to share.
        is_local: whether it works here; then it is never away, only busy.
    """

    embedder: KeptEmbedder
    sharing: Sharing | None
    is_local: bool


@asynccontextmanager
async def open_embedder(
    settings: EmbedderSettings, cache: CacheSettings, namespace: str, surroundings: Surroundings
) -> AsyncIterator[OpenEmbedder]:
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
        portioned = PortionedEmbedder(local_embedder(settings), _MOST_CHARACTERS)
        yield OpenEmbedder(KeptEmbedder(portioned, NoShelf(), settings.max_held), None, is_local=True)
        return
    clock, metrics = surroundings.clock, surroundings.metrics
    async with open_gathered(settings, settings.wait_s, clock, surroundings.random, metrics) as embedder:
        points = points_of(cache, namespace, f"vectors.{collection_of(embedder)}", shelf_form(embedder))
        circuit = CircuitPolicy(cache.retry_first_s, cache.retry_longest_s)
        shelf = PointShelf(points, settings.max_kept, circuit, cache.lookup_timeout_s, clock, metrics)
        try:
            yield OpenEmbedder(KeptEmbedder(embedder, shelf, settings.max_held), embedder, is_local=False)
        finally:
            await shelf.close()


@asynccontextmanager
async def open_gathered(
    settings: EmbedderSettings, wait_s: float, clock: Clock, chance: Random, metrics: Metrics
) -> AsyncIterator[GatheredEmbedder]:
    """Open the endpoint that is set, behind its quota; its connections end with the context.

    Args:
        settings: where it is, and what it allows.
        wait_s: that a text may wait for its quota.
        clock: for waiting.
        chance: of the jitter of pauses.
        metrics: counts requests, tokens and what they cost.

    Raises:
        BadSettings: something of it is not set.
    """
    quota = EmbeddingQuota(settings.requests_per_minute, settings.tokens_per_minute, settings.concurrency)
    gathering = Gathering(settings.batch, wait_s, settings.price_usd)
    async with open_endpoint(endpoint_of(settings), clock, chance) as endpoint:
        lane = EmbeddingLane(quota, clock.monotonic())
        gathered = GatheredEmbedder(endpoint, lane, gathering, clock, metrics)
        try:
            yield gathered
        finally:
            await gathered.close()


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
    for name in _OF_AN_ENDPOINT:
        if getattr(settings, name) is not None:
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
