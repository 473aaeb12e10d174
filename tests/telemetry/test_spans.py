"""With a provider every hop is a span of the job's one trace, and nothing in it quotes a prompt."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from headchef.runtime.errors import InvalidEvent
from headchef.runtime.telemetry.spans import SpanTracer
from headchef.runtime.telemetry.tracing import call
from tests.telemetry.deliveries import PARENT, TRACE_ID, make_delivery, make_planned


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> SpanTracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return SpanTracer(provider, "headchef.cache", "cache-1")


def named(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def trace_ids(spans: Sequence[ReadableSpan]) -> set[int]:
    return {span.context.trace_id for span in spans if span.context is not None}


def test_a_job_is_one_trace_through_all_hops(tracer: SpanTracer, exporter: InMemorySpanExporter) -> None:
    headers: tuple[tuple[str, bytes], ...] = (("traceparent", PARENT), ("tracestate", b"vendor=1"))
    way = ["jobs.submitted", "steps.planned", "steps.dispatched.default", "steps.completed", "jobs.finished"]
    for topic, following in pairwise(way):
        hop = tracer.process(make_delivery(topic, headers))
        with hop:
            headers = hop.headers(following)
        hop.sent()

    spans = exporter.get_finished_spans()
    assert [f"{span.context.trace_id:032x}" for span in spans if span.context] == [TRACE_ID] * 8
    assert dict(headers)["tracestate"] == b"vendor=1"
    parents = {span.context.span_id: span for span in spans if span.context is not None}
    walked = []
    span: ReadableSpan | None = named(exporter)["send jobs.finished"]
    while span is not None:
        walked.append(span.name)
        span = parents.get(span.parent.span_id) if span.parent is not None else None
    assert walked == [
        name for before, topic in reversed(list(pairwise(way))) for name in (f"send {topic}", f"process {before}")
    ]


def test_the_process_span_names_record_group_and_job(tracer: SpanTracer, exporter: InMemorySpanExporter) -> None:
    with tracer.process(make_delivery(event=make_planned("job-7"), key=b"k")):
        pass

    span = named(exporter)["process steps.planned"]
    assert span.kind is SpanKind.CONSUMER
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "steps.planned",
        "messaging.destination.partition.id": "3",
        "messaging.kafka.offset": 42,
        "messaging.kafka.message.key": "k",
        "messaging.message.id": "event-1",
        "messaging.message.conversation_id": "job-7",
        "messaging.consumer.group.name": "headchef.cache",
        "messaging.client.id": "cache-1",
        "headchef.step.id": "main",
    }


def test_a_failed_handler_is_named_by_its_reason_and_never_by_its_text(
    tracer: SpanTracer, exporter: InMemorySpanExporter
) -> None:
    with pytest.raises(InvalidEvent), tracer.process(make_delivery()):
        raise InvalidEvent("not_json", None, "secret prompt")

    span = named(exporter)["process steps.planned"]
    assert (span.attributes or {})["error.type"] == "not_json"
    assert span.status.status_code is StatusCode.ERROR
    assert "secret" not in span.to_json()


def test_outputs_end_with_their_commit_or_with_what_prevented_it(
    tracer: SpanTracer, exporter: InMemorySpanExporter
) -> None:
    hop = tracer.process(make_delivery())
    with hop:
        hop.headers("steps.completed")
    assert "send steps.completed" not in named(exporter)
    hop.sent(TimeoutError())

    span = named(exporter)["send steps.completed"]
    assert span.kind is SpanKind.PRODUCER
    assert (span.attributes or {})["error.type"] == "TimeoutError"


def test_a_call_inside_a_handler_is_a_child_of_its_span(tracer: SpanTracer, exporter: InMemorySpanExporter) -> None:
    with tracer.process(make_delivery()), call("chat m", {"gen_ai.request.model": "m"}) as going_on:
        going_on.answered({"gen_ai.response.id": "r"})

    child, parent = named(exporter)["chat m"], named(exporter)["process steps.planned"]
    assert child.parent is not None
    assert parent.context is not None
    assert child.parent.span_id == parent.context.span_id
    assert dict(child.attributes or {}) == {"gen_ai.request.model": "m", "gen_ai.response.id": "r"}


def test_without_an_incoming_context_a_trace_begins(tracer: SpanTracer, exporter: InMemorySpanExporter) -> None:
    for headers in ((), (("traceparent", b"nonsense"),)):
        hop = tracer.process(make_delivery(headers=headers))
        with hop:
            assert [name for name, _ in hop.headers("x")] == ["traceparent"]
        hop.sent()
    assert len(trace_ids(exporter.get_finished_spans())) == 2


def test_a_trace_that_is_not_sampled_still_travels() -> None:
    hop = SpanTracer(TracerProvider(ALWAYS_OFF, shutdown_on_exit=False), "g", "c").process(
        make_delivery(headers=(("traceparent", PARENT),))
    )
    with hop:
        [(_, parent)] = hop.headers("x")
    assert parent.decode().split("-")[1] == TRACE_ID
    assert parent.endswith(b"-00")
