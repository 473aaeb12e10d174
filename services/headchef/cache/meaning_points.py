"""Questions by what they mean, as points of Qdrant: in a folder or on a server, one collection for each embedder."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from headchef.cache.chosen import point_id, read_marks, where_of, write_marks
from headchef.cache.meanings import Meanings, Near, Question, SoughtMeaning
from headchef.cache.selection import Selection
from headchef.embedding import Embedder
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.qdrant.points import FoundPoint, PointsForm, PointStore, SoughtPoint, StoredPoint

VERSION = 1
"""Of the payload's form. Questions of others are passed over, and overwritten when they are asked again."""

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9._-]+")


def collection_of(embedder: Embedder) -> str:
    """Name the collection of an embedder's vectors: those of two embedders must never meet.

    Returns:
        Letters, digits and . _ -, at most 60 of them: what can be read of the embedder's name, and a hash of it whole.
    """
    whole = f"{embedder.name}/{embedder.dimensions}"
    return f"{_NOT_IN_NAMES.sub('-', embedder.name)[:40]}.{sha256(whole.encode()).hexdigest()[:12]}"


def form_of(embedder: Embedder) -> PointsForm:
    """Say how an embedder's vectors lie in a store.

    A search names a tenant and a scope, and looks at all in it. By a graph a server misses some, and what is nearest
    decides what is reused.
    """
    return PointsForm(
        vector="",
        dimensions=embedder.dimensions,
        tenant_field="tenant",
        indexed=("scope", "tags", "template", "sources"),
        graph=False,
        remedy="delete it: what it has can be made again from cache.settled",
        replaceable=True,
    )


class PointMeanings(Meanings):
    """Questions in a store of points, which is made when there is something to put into it.

    Args:
        points: keeps them; of this embedder alone.
    """

    def __init__(self, points: PointStore) -> None:
        self._points = points
        self._open = self._made = False

    async def open(self) -> None:
        """Open the store, if it has been made."""
        try:
            await self._points.open()
            self._made = True
        except StoreRefused as refused:
            if refused.reason != "no_collection":
                raise
            self._made = False
        self._open = True

    async def nearest(self, sought: Sequence[SoughtMeaning], top_k: int) -> Sequence[Sequence[Near]]:
        """Search in one call."""
        if not await self._there():
            return [[] for _ in sought]
        searches = [SoughtPoint(each.vector, {"tenant": each.tenant, "scope": each.scope}) for each in sought]
        found = await self._points.nearest(searches, top_k)
        return [[near for point in points if (near := _read(point)) is not None] for points in found]

    async def put(self, questions: Sequence[Question]) -> None:
        """Keep questions as points whose ids are those of their answers."""
        if not await self._there():
            await self._points.open(make=True)
            self._made = True
        await self._points.put(
            [StoredPoint(point_id(each.fingerprint), each.vector, _payload(each)) for each in questions]
        )

    async def remove(self, selection: Selection) -> None:
        """Remove questions by a filter."""
        if await self._there():
            await self._points.remove(where_of(selection))

    async def count(self) -> int:
        """Count questions."""
        return await self._points.count() if await self._there() else 0

    async def close(self) -> None:
        """Close the store."""
        self._open = False
        await self._points.close()

    async def _there(self) -> bool:
        """Say whether the store has been made; another process may have done so since the last look."""
        if not self._open:
            raise StoreUnavailable("closed", "the store of questions is not open")
        if not self._made:
            await self.open()
        return self._made


def _payload(question: Question) -> dict[str, Any]:
    return {
        "version": VERSION,
        "tenant": question.tenant,
        "scope": question.scope,
        "fingerprint": question.fingerprint,
        "group": question.group,
        "source_job_id": question.source_job_id,
        "settled_at_s": question.settled_at.timestamp(),
        "expires_at_s": None if question.expires_at is None else question.expires_at.timestamp(),
        **write_marks(question),
    }


def _read(point: FoundPoint) -> Near | None:
    if point.payload.get("version") != VERSION:
        return None
    try:
        return _near(point.payload, point.score)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None


def _near(payload: Mapping[str, Any], score: float) -> Near:
    expires_at_s = payload["expires_at_s"]
    planned_at, marks = read_marks(payload)
    return Near(
        score=score,
        tenant=payload["tenant"],
        scope=payload["scope"],
        fingerprint=payload["fingerprint"],
        group=payload["group"],
        source_job_id=payload["source_job_id"],
        settled_at=datetime.fromtimestamp(payload["settled_at_s"], UTC),
        planned_at=planned_at,
        expires_at=None if expires_at_s is None else datetime.fromtimestamp(expires_at_s, UTC),
        marks=marks,
    )
