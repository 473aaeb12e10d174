"""Puts together what the cache needs to compare questions by their meaning, from its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guarded import GuardedStore
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.meaning_points import PointMeanings, collection_of, form_of
from headchef.cache.meanings import Meanings
from headchef.cache.semantic.flow import ByMeaning
from headchef.cache.semantic.judging import Judging
from headchef.cache.semantic.near import NearQuestions
from headchef.cache.settings import CacheSettings
from headchef.embedding import Embedder, HashedEmbedder
from headchef.equality import Instruments, Judges, installed
from headchef.qdrant.embedded_points import EmbeddedPoints
from headchef.runtime.surroundings import Surroundings


@asynccontextmanager
async def assemble_meaning(
    settings: CacheSettings, namespace: str, answers: GuardedStore, surroundings: Surroundings
) -> AsyncIterator[ByMeaning]:
    """Put it together; its store is opened when the first question comes that may be compared.

    Args:
        settings: of the cache.
        namespace: keeps environments apart that share a server or a machine.
        answers: where the answers lie.
        surroundings: what the host lends.
    """
    clock, metrics = surroundings.clock, surroundings.metrics
    circuit = CircuitPolicy(settings.retry_first_s, settings.retry_longest_s)
    embedder: Embedder = HashedEmbedder()
    limit_s = settings.lookup_timeout_s
    meanings = GuardedMeanings(make_meanings(settings, namespace, embedder), circuit, limit_s, clock, metrics)
    near = NearQuestions(embedder, meanings, circuit, limit_s, clock, metrics)
    judging = Judging(Judges(installed(), Instruments(embedder)), settings.judge_timeout_s, clock)
    try:
        yield ByMeaning(near, meanings, answers, judging, metrics)
    finally:
        await meanings.close()


def make_meanings(settings: CacheSettings, namespace: str, embedder: Embedder) -> Meanings:
    """Choose the store of questions: on the server of the answers if there is one, else in a folder beside them.

    Args:
        settings: of the cache.
        namespace: keeps environments apart that share a server or a machine.
        embedder: whose vectors are kept; each has a collection of its own.
    """
    name = f"questions.{collection_of(embedder)}"
    if settings.qdrant_url is None:
        return PointMeanings(EmbeddedPoints(settings.folder / namespace / name, form_of(embedder)))
    # The client takes two seconds and 80 MB to load, which the embedded store must not cost.
    from headchef.qdrant.server import QdrantServer
    from headchef.qdrant.server_points import ServerPoints

    server = QdrantServer(
        url=str(settings.qdrant_url),
        grpc_port=settings.qdrant_grpc_port,
        api_key=settings.qdrant_api_key,
        collection=f"{settings.collection or namespace}.{name}",
        open_timeout_s=settings.open_timeout_s,
        lookup_timeout_s=settings.lookup_timeout_s,
        put_timeout_s=settings.put_timeout_s,
    )
    return PointMeanings(ServerPoints(server, form_of(embedder)))
