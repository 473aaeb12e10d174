"""Looks for the texts that a step of a workflow needs, and tells the job's owner what was found.

Consumes retrievals.planned; produces retrievals.ended. A search that is delivered again is made again.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from headchef_contracts.events.common import Inline
from headchef_contracts.events.retrievals import (
    RetrievalEnded,
    RetrievalFailure,
    RetrievalPlanned,
    TextFound,
    TextsFound,
)

from headchef.errands import Errand, ErrandFailed, Errands
from headchef.retrieval.errors import RetrievalFailed
from headchef.retrieval.wanted import Query, Retrieved
from headchef.runtime.clock import Clock
from headchef.runtime.processor import Delivery, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics

_ERRAND = Errand(
    planned=RetrievalPlanned,
    ended=RetrievalEnded,
    failure=RetrievalFailure,
    topic="retrievals.ended",
    duration="headchef.retrieval.duration",
    labels=lambda event: {"collection": event.collection},
    policy_version="retriever/1",
    beginning="anything was looked for",
)


class Retrieving(Protocol):
    """Who searches, such as `retrieval.retriever.Retriever`."""

    async def retrieve(self, query: Query) -> Retrieved:
        """Find texts. Raises RetrievalFailed."""
        ...


class RetrieverHandler:
    """Handles one search at a time, several at once.

    Args:
        retrieving: searches.
        clock: for deadlines, and for how long searches took.
        metrics: takes how long, and what came of them.
    """

    def __init__(self, *, retrieving: Retrieving, clock: Clock, metrics: Metrics) -> None:
        self._retrieving = retrieving
        self._errands = Errands(_ERRAND, self._found, clock, metrics)

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Make one search: what was found, or why nothing was.

        Raises:
            InvariantBroken: the topic held another event.
        """
        return await self._errands.handle(delivery)

    async def _found(self, event: RetrievalPlanned) -> Mapping[str, Any]:
        # The tenant is the job's, whatever the step says.
        query = Query(event.collection, event.query, event.equal, event.top_k, event.job.tenant, event.retries)
        try:
            found = await self._retrieving.retrieve(query)
        except RetrievalFailed as failed:
            raise ErrandFailed(failed.reason, failed.message) from failed
        texts = tuple(TextFound(id=each.id, sha256=each.sha256) for each in found.documents)
        return {
            "output": Inline(inline=found.value),
            "found": TextsFound(collection=found.collection, texts=texts),
        }
