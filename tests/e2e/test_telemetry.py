"""One job is one trace through all processes, each hop the child of the one before; nothing tells its content."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from headchef_contracts.placement import home_partition

from tests.support.otlp_collector import OtlpCollector, ReceivedSpan, running_collector
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

TRACE_ID, PUBLISHER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRET = "Pomegranate"
WAY = [
    ("headchef-validator", "send jobs.finished"),
    ("headchef-validator", "process steps.completed"),
    ("headchef-executor", "send steps.completed"),
    ("headchef-executor", "process steps.dispatched.default"),
    ("headchef-cache", "send steps.dispatched.default"),
    ("headchef-cache", "process steps.planned"),
    ("headchef-router", "send steps.planned"),
    ("headchef-router", "process jobs.submitted"),
]


@pytest.fixture
def otlp() -> Iterator[OtlpCollector]:
    with running_collector() as collector:
        yield collector


def way_back(spans: dict[str, ReceivedSpan], last: str) -> list[ReceivedSpan]:
    """Follow the parents from a span to the first that was received."""
    found = []
    span = next((it for it in spans.values() if it.name == last), None)
    while span is not None:
        found.append(span)
        span = spans.get(span.parent_id)
    return found


def test_one_trace_through_all_processes(kafka: str, tmp_path: Path, otlp: OtlpCollector) -> None:
    namespace = f"traced-{uuid.uuid4().hex[:8]}"
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.address,
        "OTEL_EXPORTER_OTLP_TIMEOUT": "100",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_METRIC_EXPORT_INTERVAL": "300",
    }
    with (
        Deployment(kafka, namespace, tmp_path, environment=settings) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        headers = [("traceparent", f"00-{TRACE_ID}-{PUBLISHER}-01".encode())]
        job = {"job_id": "traced", "prompt": f"Describe the {SECRET}."}
        pipeline.publish(job, key="traced", headers=headers, partition=home_partition("traced", None, 4))
        assert pipeline.result("traced")["status"] == "ok"

        def spans() -> dict[str, ReceivedSpan]:
            return {it.span_id: it for it in otlp.spans if it.trace_id == TRACE_ID}

        def whole() -> list[ReceivedSpan]:
            found = way_back(spans(), "send jobs.finished")
            return found if len(found) == len(WAY) else []

        way = otlp.wait_for(whole)
        assert [(it.service, it.name) for it in way] == WAY
        assert way[-1].parent_id == PUBLISHER
        call = otlp.wait_for(lambda: [it for it in spans().values() if it.name == "chat simulated"])[0]
        assert spans()[call.parent_id].name == "process steps.dispatched.default"
        counted = {"headchef.jobs.accepted", "headchef.jobs.finished", "gen_ai.client.token.usage"}
        otlp.wait_for(lambda: counted <= otlp.metrics)
    assert SECRET.encode() not in otlp.raw, "neither prompt nor answer leaves in spans or metrics"
