"""What is given out for a unit that no model is asked for, as the event that goes to the one who does it. Pure."""

from headchef_contracts.events.calls import CallPlanned
from headchef_contracts.events.common import Decided
from headchef_contracts.events.fetches import FetchPlanned

from headchef.router.leading.records import JobRecord
from headchef.workflow.progress import Call, Fetch


def call_of(call: Call, record: JobRecord, decided: Decided) -> CallPlanned:
    """Plan the call of a function."""
    return CallPlanned(
        job=record.head,
        workflow=record.workflow,
        step_id=call.unit.step,
        item=call.unit.item,
        function=call.function,
        arguments=dict(call.arguments),
        timeout_s=call.timeout_s,
        decided=decided,
    )


def fetch_of(fetch: Fetch, record: JobRecord, decided: Decided) -> FetchPlanned:
    """Plan the fetch of a document."""
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
    )
