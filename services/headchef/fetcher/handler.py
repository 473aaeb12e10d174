"""Fetches the document that a step of a workflow needs, and tells the job's owner what came of it.

Consumes fetches.planned; produces fetches.ended. A fetch that is delivered again is made again.
"""

from typing import Any, Protocol

import orjson

from headchef_contracts.events.common import Decided, Inline
from headchef_contracts.events.fetches import FetchEnded, FetchFailure, FetchPlanned, SourceRead

from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Delivery, Emit, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics
from headchef.sources.errors import FetchFailed
from headchef.sources.wanted import Fetched, Wanted

POLICY_VERSION = "fetcher/1"


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
        self._clock = clock
        self._metrics = metrics

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Fetch one document: what was read, or why nothing was.

        Raises:
            InvariantBroken: the topic held another event.
        """
        event = delivery.event
        if not isinstance(event, FetchPlanned):
            raise InvariantBroken(f"{delivery.topic} holds {type(event).__name__}, expected FetchPlanned")
        began_s = self._clock.monotonic()
        came = await self._came(event)
        duration_s = max(0.0, self._clock.monotonic() - began_s)
        outcome = came.reason if isinstance(came, FetchFailure) else "ok"
        self._metrics.record("headchef.fetch.duration", duration_s, {"outcome": outcome})
        ended = self._ended(delivery, event, came, duration_s)
        return Outcome((Emit("fetches.ended", ended, event.job.home_partition),))

    async def _came(self, event: FetchPlanned) -> Fetched | FetchFailure:
        deadline = event.job.deadline
        if deadline is not None and deadline <= self._clock.now():
            message = f"the deadline {deadline} had passed before the document was asked for"
            return FetchFailure(reason="deadline_exceeded", message=message)
        if event.deadline is not None and event.deadline <= self._clock.now():
            message = f"the time of the step had passed at {event.deadline}"
            return FetchFailure(reason="step_budget_exceeded", message=message)
        wanted = Wanted(
            event.address, event.allow_hosts, event.read_as, event.max_bytes, event.timeout_s, event.retries
        )
        try:
            fetched = await self._fetching.fetch(wanted)
        except FetchFailed as failed:
            return FetchFailure(reason=failed.reason, message=failed.message)
        if (size := len(orjson.dumps(fetched.value))) > self._max_output_bytes:
            most = f"at most {self._max_output_bytes:,} are taken"
            message = f"{fetched.source.address} has {size:,} bytes as JSON; {most}"
            return FetchFailure(reason="too_large", message=message)
        return fetched

    def _ended(
        self, delivery: Delivery, event: FetchPlanned, came: Fetched | FetchFailure, duration_s: float
    ) -> FetchEnded:
        known: dict[str, Any] = {} if event.item is None else {"item": event.item}
        if isinstance(came, FetchFailure):
            known["failure"] = came
        else:
            source = came.source
            known["output"] = Inline(inline=came.value)
            known["source"] = SourceRead(
                address=source.address,
                sha256=source.sha256,
                size_bytes=source.size_bytes,
                content_type=source.content_type,
            )
        return FetchEnded(
            job=event.job,
            workflow=event.workflow,
            step_id=event.step_id,
            duration_s=duration_s,
            decided=Decided(
                at=self._clock.now(),
                seed=0,
                catalog_version=None,
                policy_version=POLICY_VERSION,
                causes=(delivery.cause,),
            ),
            **known,
        )
