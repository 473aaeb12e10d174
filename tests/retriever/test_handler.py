"""What follows from a planned search: one event, with the texts and where they are from, or why there are none."""

from datetime import timedelta
from typing import Any

import pytest

from headchef_contracts.events.common import Cause, Inline
from headchef_contracts.events.retrievals import RetrievalEnded, RetrievalFailure, RetrievalPlanned, TextFound
from headchef_contracts.registry import decode, encode

from headchef.retrieval.errors import RetrievalFailed
from headchef.retrieval.wanted import Document, Query, Retrieved
from headchef.retriever.handler import RetrieverHandler
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Emit
from headchef.runtime.telemetry.metrics import Metrics
from tests.fetcher.test_handler import NoState
from tests.support.builders import NOON, make_completed, make_decided, make_delivery, make_head
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

SHA = "0" * 64


class Shelves:
    """Gives what was looked for as the one text; and fails where that is wanted."""

    def __init__(self, clock: ManualClock) -> None:
        self.queries: list[Query] = []
        self._clock = clock

    async def retrieve(self, query: Query) -> Retrieved:
        self.queries.append(query)
        self._clock.advance(0.5)
        if query.collection == "gone":
            raise RetrievalFailed("no_collection", "gone: there is no collection")
        return Retrieved(query.collection, [Document("a", query.text, 0.5, SHA)])


def planned(**fields: Any) -> RetrievalPlanned:
    known: dict[str, Any] = {
        "job": make_head(home_partition=3, tenant="ours"),
        "workflow": "page@1",
        "step_id": "near",
        "collection": "guides",
        "query": "flats",
        "equal": {"locale": "pt", "new": True, "rooms": 1},
        "top_k": 3,
        "retries": 2,
        "decided": make_decided(),
    }
    return RetrievalPlanned(**(known | fields))


async def ended(event: RetrievalPlanned, metrics: Metrics | None = None) -> tuple[RetrievalEnded, list[Query]]:
    clock = ManualClock(NOON)
    shelves = Shelves(clock)
    handler = RetrieverHandler(retrieving=shelves, clock=clock, metrics=metrics or Metrics())
    outcome = await handler.handle(make_delivery(event, topic="retrievals.planned", value=b"{}", offset=4), NoState())
    [output] = outcome.outputs
    assert isinstance(output, Emit)
    assert (output.topic, output.partition) == ("retrievals.ended", event.job.home_partition)
    assert isinstance(output.event, RetrievalEnded)
    assert decode(output.event.event_type, 1, encode(output.event)) == output.event
    return output.event, shelves.queries


async def test_what_was_found_goes_to_the_owner_of_the_job_with_ids_and_hashes() -> None:
    event = planned(item="ghent")
    came, [query] = await ended(event)
    assert query == Query("guides", "flats", {"locale": "pt", "new": True, "rooms": 1}, 3, "ours", 2)
    assert [type(each) for each in query.equal.values()] == [str, bool, int]
    document = {"id": "a", "text": "flats", "score": 0.5, "sha256": SHA}
    assert came.output == Inline(inline={"documents": [document]})
    assert came.found is not None
    assert (came.found.collection, came.found.texts) == ("guides", (TextFound(id="a", sha256=SHA),))
    assert (came.job, came.workflow, came.step_id, came.item) == (event.job, "page@1", "near", "ghent")
    assert (came.failure, came.duration_s) == (None, 0.5)
    assert came.decided.causes == (Cause(topic="retrievals.planned", partition=0, offset=4),)


async def test_filters_keep_their_types_on_the_way() -> None:
    """True is no number there, and a text of digits is none."""
    event = planned(equal={"a": True, "b": 1, "c": "1"})
    again = decode(event.event_type, 1, encode(event))
    assert isinstance(again, RetrievalPlanned)
    assert [(type(each), each) for each in again.equal.values()] == [(bool, True), (int, 1), (str, "1")]


async def test_why_nothing_was_found_is_told() -> None:
    came, _ = await ended(planned(collection="gone"))
    assert came.failure == RetrievalFailure(reason="no_collection", message="gone: there is no collection")
    assert (came.output, came.found, came.item) == (None, None, None)


@pytest.mark.parametrize(("late_s", "searched"), [(-1, False), (0, False), (1, True)])
@pytest.mark.parametrize("whose", ["job", "step"])
async def test_nothing_is_looked_for_after_a_deadline(late_s: float, searched: bool, whose: str) -> None:
    deadline = NOON + timedelta(seconds=late_s)
    event = planned(job=make_head(deadline=deadline)) if whose == "job" else planned(deadline=deadline)
    came, queries = await ended(event)
    assert bool(queries) == searched
    reason = {"job": "deadline_exceeded", "step": "step_budget_exceeded"}[whose]
    assert searched or (came.failure is not None and came.failure.reason == reason)


async def test_how_long_it_took_is_measured_by_what_came_of_it() -> None:
    metrics = RecordedMetrics()
    await ended(planned(), metrics)
    await ended(planned(collection="gone"), metrics)
    name = "headchef.retrieval.duration"
    assert metrics.values == {
        (name, (("collection", "guides"), ("outcome", "ok"))): [0.5],
        (name, (("collection", "gone"), ("outcome", "no_collection"))): [0.5],
    }


async def test_another_event_is_a_fault_of_ours() -> None:
    clock = ManualClock(NOON)
    handler = RetrieverHandler(retrieving=Shelves(clock), clock=clock, metrics=Metrics())
    with pytest.raises(InvariantBroken):
        await handler.handle(make_delivery(make_completed(), topic="retrievals.planned", value=b"{}"), NoState())
