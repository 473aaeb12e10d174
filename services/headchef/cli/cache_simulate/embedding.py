"""Turns the texts of past questions into vectors, each text once, by the embedder that is to be tried."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random

from headchef.cache.embedder import local_embedder, open_gathered
from headchef.cache.embedder_settings import EmbedderSettings, Kind
from headchef.cli.faults import WorkFailed
from headchef.embedding import Embedder, EmbeddingFailed, Vector
from headchef.embedding.kept import KeptEmbedder, NoShelf
from headchef.runtime.clock import SystemClock
from headchef.runtime.telemetry.metrics import Metrics

_AT_ONCE = 256
_PATIENCE_S = 300.0


def settings_for(kind: Kind | None, settings: EmbedderSettings) -> EmbedderSettings:
    """Give the settings of the embedder that is to be tried.

    Args:
        kind: which; None for the one that is set.
        settings: of the cache.
    """
    if kind is None or kind == settings.kind:
        return settings
    # How many numbers a vector has was set for the other one; an endpoint needs it.
    dimensions = settings.dimensions if kind == "endpoint" else None
    return settings.model_copy(update={"kind": kind, "dimensions": dimensions})


@asynccontextmanager
async def opened_embedder(settings: EmbedderSettings) -> AsyncIterator[Embedder]:
    """Open an embedder beside the cache, whose store it leaves alone; connections end with the context.

    Args:
        settings: which it is.

    Raises:
        BadSettings: it is not installed, or something of it is not set.
    """
    if settings.kind != "endpoint":
        yield KeptEmbedder(local_embedder(settings), NoShelf(), settings.max_held)
        return
    async with open_gathered(settings, _PATIENCE_S, SystemClock(), Random(), Metrics()) as embedder:
        # The caches may use their quota beside this; their endpoint then asks both to wait.
        embedder.begun(0, lambda: 1)
        yield KeptEmbedder(embedder, NoShelf(), settings.max_held)


async def vectors_of(embedder: Embedder, texts: Sequence[str], progress: Callable[[int, int], None]) -> list[Vector]:
    """Turn texts into vectors.

    Args:
        embedder: does it.
        texts: in any number.
        progress: told how many are done, of how many.

    Raises:
        WorkFailed: the embedder has failed.
    """
    vectors: list[Vector] = []
    for start in range(0, len(texts), _AT_ONCE):
        try:
            vectors += await embedder.embed(texts[start : start + _AT_ONCE])
        except EmbeddingFailed as failed:
            hint = "HEADCHEF_CACHE_EMBEDDER_* say where it is; `--embedder hashed` needs none"
            raise WorkFailed(f"the embedder {embedder.name} has failed: {failed.message}", hint) from failed
        progress(len(vectors), len(texts))
    return vectors
