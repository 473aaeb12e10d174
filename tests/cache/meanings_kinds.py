"""Stores of questions for tests: in memory, embedded, and on a real server; and questions to put into them."""

from math import sqrt
from pathlib import Path

from headchef_contracts.events.semantic import Marks

from headchef.cache.meaning_points import PointMeanings, form_of
from headchef.cache.meanings import Question, SoughtMeaning
from headchef.embedding import HashedEmbedder, Vector
from headchef.qdrant.embedded_points import EmbeddedPoints
from headchef.qdrant.server import QdrantServer
from headchef.qdrant.server_points import ServerPoints
from tests.cache.builders import make_fingerprint
from tests.qdrant.memory_points import MemoryPoints
from tests.support.manual_clock import START

DIMENSIONS = 8
EMBEDDER = HashedEmbedder(DIMENSIONS)
SCOPE = "5" * 64


def turned(turn: float) -> Vector:
    """Give a vector that is turned from that of 0 by so much: the cosine of their angle is the root of 1 - turn²."""
    return [sqrt(1 - turn * turn), turn, *[0.0] * (DIMENSIONS - 2)]


def make_sought_meaning(turn: float = 0.0, *, tenant: str = "default", scope: str = SCOPE) -> SoughtMeaning:
    return SoughtMeaning(tenant, scope, turned(turn))


def make_question(
    prompt: str = "How do I pay?",
    turn: float = 0.0,
    *,
    tenant: str = "default",
    scope: str = SCOPE,
    group: str | None = None,
    marks: Marks | None = None,
) -> Question:
    fingerprint = make_fingerprint(prompt, tenant)
    return Question(
        tenant=tenant,
        scope=scope,
        fingerprint=fingerprint,
        vector=turned(turn),
        group=group or fingerprint,
        source_job_id="job-1",
        settled_at=START,
        marks=marks,
    )


def memory_meanings() -> PointMeanings:
    """Give a store in memory."""
    return PointMeanings(MemoryPoints(DIMENSIONS))


def embedded_meanings(folder: Path) -> PointMeanings:
    """Give a store in a folder."""
    return PointMeanings(EmbeddedPoints(folder, form_of(EMBEDDER)))


def server_meanings(server: QdrantServer) -> PointMeanings:
    """Give a store on a server."""
    return PointMeanings(ServerPoints(server, form_of(EMBEDDER)))
