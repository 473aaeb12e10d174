"""Builders for what telemetry looks at: deliveries with events and headers."""

from datetime import UTC, datetime

from headchef_contracts.events.common import Event
from headchef_contracts.events.steps import StepPlanned

from headchef.runtime.log.port import Headers, Record
from headchef.runtime.processor import Delivery
from tests.support import builders

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def make_planned(job_id: str = "job-1") -> StepPlanned:
    return builders.make_planned("secret prompt", job=builders.make_head(job_id))


def make_delivery(
    topic: str = "steps.planned",
    headers: Headers = (),
    event: Event | None = None,
    key: bytes | None = b"job-1",
    timestamp_ms: int = 0,
) -> Delivery:
    record = Record(f"headchef.{topic}.v1", 3, 42, timestamp_ms, key, b"{}", headers)
    return Delivery(topic, event, "event-1", record, 4, AT)
