"""What is given out for a unit that no model is asked for, as the event that goes to the one who does it. Pure."""

from datetime import datetime
from typing import Any

from headchef_contracts.events.calls import CallPlanned
from headchef_contracts.events.common import Decided
from headchef_contracts.events.fetches import FetchPlanned
from headchef_contracts.events.reservations import ReservationAsked
from headchef_contracts.events.retrievals import RetrievalPlanned

from headchef.router.leading.records import JobRecord
from headchef.router.leading.reserved import account_for
from headchef.workflow.progress import Call, Fetch, Reserve, Retrieve


def call_of(call: Call, record: JobRecord, decided: Decided, latest: datetime | None) -> CallPlanned:
    """Plan the call of a function, which does not begin after some time."""
    return CallPlanned(
        job=record.head,
        workflow=record.workflow,
        step_id=call.unit.step,
        item=call.unit.item,
        function=call.function,
        arguments=dict(call.arguments),
        timeout_s=call.timeout_s,
        decided=decided,
        **_bound(latest),
    )


def fetch_of(fetch: Fetch, record: JobRecord, decided: Decided, latest: datetime | None) -> FetchPlanned:
    """Plan the fetch of a document, likewise."""
    wanted = fetch.wanted
    return FetchPlanned(
        job=record.head,
        workflow=record.workflow,
        step_id=fetch.unit.step,
        item=fetch.unit.item,
        address=wanted.address,
        allow_hosts=tuple(wanted.allow_hosts),
        read_as=wanted.read_as,
        max_bytes=wanted.max_bytes,
        timeout_s=wanted.timeout_s,
        retries=wanted.retries,
        decided=decided,
        **_bound(latest),
    )


def retrieval_of(work: Retrieve, record: JobRecord, decided: Decided, latest: datetime | None) -> RetrievalPlanned:
    """Plan a search in a collection, likewise."""
    return RetrievalPlanned(
        job=record.head,
        workflow=record.workflow,
        step_id=work.unit.step,
        item=work.unit.item,
        collection=work.collection,
        query=work.query,
        equal=dict(work.equal),
        top_k=work.top_k,
        retries=work.retries,
        decided=decided,
        **_bound(latest),
    )


def reservation_of(reserve: Reserve, record: JobRecord, decided: Decided) -> ReservationAsked:
    """Ask for a value."""
    item = {} if reserve.unit.item is None else {"item": reserve.unit.item}
    return ReservationAsked(
        account=account_for(reserve, record.head),
        job=record.head,
        workflow=record.workflow,
        step_id=reserve.unit.step,
        **item,
        site=reserve.site,
        name=reserve.name,
        value=reserve.value,
        decided=decided,
    )


def _bound(latest: datetime | None) -> dict[str, Any]:
    """Give the time of the step; what is not set is not written."""
    return {} if latest is None else {"deadline": latest}
