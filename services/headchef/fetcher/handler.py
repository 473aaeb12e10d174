"""Fetches the document that a step of a workflow needs, and tells the job's owner what came of it.

Consumes fetches.planned; produces fetches.ended. A fetch that is delivered again is made again.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from headchef_contracts.events.common import Inline
from headchef_contracts.events.fetches import FetchEnded, FetchFailure, FetchPlanned, SourceRead

from headchef.errands import Errand, ErrandFailed, Errands
from headchef.runtime.clock import Clock
from headchef.runtime.processor import Delivery, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics
from headchef.sources.errors import FetchFailed
from headchef.sources.wanted import Fetched, Wanted

_ERRAND = Errand(
    planned=FetchPlanned,
    ended=FetchEnded,
    failure=FetchFailure,
    topic="fetches.ended",
    duration="headchef.fetch.duration",
    labels=lambda _: {},
    policy_version="fetcher/1",
    beginning="the document was asked for",
)


class Fetching(Protocol):
    """Who fetches documents, such as `sources.fetcher.Fetcher`."""

    async def fetch(self, wanted: Wanted) -> Fetched:
        """Fetch one document. Raises FetchFailed."""
        ...


class FetcherHandler:
    """Handles one document at a time, several at once.

    Args:
        fetching: fetches documents.
        max_output_bytes: of what is made of one, as JSON.
        clock: for deadlines, and for how long fetches took.
        metrics: takes how long, and what came of them.
    """

    def __init__(self, *, fetching: Fetching, max_output_bytes: int, clock: Clock, metrics: Metrics) -> None:
        self._fetching = fetching
        self._max_output_bytes = max_output_bytes
        self._errands = Errands(_ERRAND, self._fetched, clock, metrics)

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Fetch one document: what was read, or why nothing was.

        Raises:
            InvariantBroken: the topic held another event.
        """
        return await self._errands.handle(delivery)

    async def _fetched(self, event: FetchPlanned) -> Mapping[str, Any]:
        wanted = Wanted(
            event.address, event.allow_hosts, event.read_as, event.max_bytes, event.timeout_s, event.retries
        )
        try:
            fetched = await self._fetching.fetch(wanted)
        except FetchFailed as failed:
            raise ErrandFailed(failed.reason, failed.message) from failed
        source = fetched.source
        if (size := len(orjson.dumps(fetched.value))) > self._max_output_bytes:
            most = f"at most {self._max_output_bytes:,} are taken"
            raise ErrandFailed("too_large", f"{source.address} has {size:,} bytes as JSON; {most}")
        return {
            "output": Inline(inline=fetched.value),
            "source": SourceRead(
                address=source.address,
                sha256=source.sha256,
                size_bytes=source.size_bytes,
                content_type=source.content_type,
            ),
        }
