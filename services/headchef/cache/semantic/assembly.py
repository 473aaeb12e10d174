"""Puts together what the cache needs to compare questions by their meaning, from its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.embedder import open_embedder
from headchef.cache.embedder_settings import EmbedderSettings
from headchef.cache.guarded import GuardedStore
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.invalidations import Invalidations
from headchef.cache.meaning_points import PointMeanings, collection_of, form_of
from headchef.cache.places import points_of
from headchef.cache.semantic.flow import ByMeaning
from headchef.cache.semantic.judging import Judging
from headchef.cache.semantic.near import NearQuestions
from headchef.cache.settings import CacheSettings
from headchef.equality import Instruments, Judges, installed
from headchef.runtime.settings import load
from headchef.runtime.surroundings import Surroundings


@asynccontextmanager
async def assemble_meaning(
    settings: CacheSettings,
    namespace: str,
    answers: GuardedStore,
    invalidations: Invalidations,
    surroundings: Surroundings,
) -> AsyncIterator[ByMeaning]:
    """Put it together; its store is opened when the first question comes that may be compared.

    Args:
        settings: of the cache.
        namespace: keeps environments apart that share a server or a machine.
        answers: where the answers lie.
        invalidations: what holds no longer; what is kept here is forgotten with the answers.
        surroundings: what the host lends.

    Raises:
        BadSettings: the embedder that is set is not installed, or something of it is not set.
    """
    clock, metrics = surroundings.clock, surroundings.metrics
    circuit, limit_s = CircuitPolicy(settings.retry_first_s, settings.retry_longest_s), settings.lookup_timeout_s
    async with open_embedder(load(EmbedderSettings), settings, namespace, surroundings) as opened:
        embedder = opened.embedder
        invalidations.forgetting.covers_vectors(embedder)
        points = points_of(settings, namespace, f"questions.{collection_of(embedder)}", form_of(embedder))
        meanings = GuardedMeanings(PointMeanings(points), circuit, limit_s, clock, metrics)
        invalidations.forgetting.covers(meanings)
        near = NearQuestions(
            embedder,
            meanings,
            invalidations.invalidated,
            circuit,
            settings.embed_timeout_s,
            clock,
            metrics,
            is_local=opened.is_local,
        )
        judging = Judging(Judges(installed(), Instruments(embedder)), settings.judge_timeout_s, clock)
        try:
            taking_back = invalidations.taking_back
            yield ByMeaning(near, meanings, answers, judging, taking_back, metrics, sharing=opened.sharing)
        finally:
            await meanings.close()
