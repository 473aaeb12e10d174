"""A call to a model is measured and traced by the GenAI conventions."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from headchef_contracts.events.common import Usage

from headchef.runtime.telemetry.gen_ai import ModelCall, model_call
from headchef.runtime.telemetry.spans import SpanTracer
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics
from tests.telemetry.deliveries import make_delivery

ASKED = ModelCall("openai", "gpt-x", "job-1", temperature=0.5, max_output_tokens=100)


class Stopwatch(ManualClock):
    """A clock on which every look takes two seconds."""

    def monotonic(self) -> float:
        self.advance(2)
        return super().monotonic()


def test_an_answer_is_measured_and_traced() -> None:
    exporter, metrics = InMemorySpanExporter(), RecordedMetrics()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    hop = SpanTracer(provider, "g", "c").process(make_delivery())
    with hop, model_call(ASKED, metrics, Stopwatch()) as going_on:
        going_on.answered(
            usage=Usage(input_tokens=10, output_tokens=20, cached_input_tokens=5, cache_write_input_tokens=3),
            finish_reason="stop",
            response_model="gpt-x-1",
            response_id="r-1",
        )

    span = exporter.get_finished_spans()[0]
    assert span.name == "chat gpt-x"
    assert dict(span.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-x",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.conversation.id": "job-1",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.model": "gpt-x-1",
        "gen_ai.response.id": "r-1",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 5,
        "gen_ai.usage.cache_creation.input_tokens": 3,
    }
    assert metrics.recorded("gen_ai.client.operation.duration") == [2]
    assert sorted(metrics.recorded("gen_ai.client.token.usage")) == [10, 20]


def test_a_failure_is_measured_by_its_kind() -> None:
    metrics = RecordedMetrics()
    with model_call(ASKED, metrics, Stopwatch()) as going_on:
        going_on.failed("rate_limited")
    with pytest.raises(TimeoutError), model_call(ASKED, metrics, Stopwatch()):
        raise TimeoutError

    kinds = [dict(attributes)["error.type"] for _, attributes in metrics.values]
    assert kinds == ["rate_limited", "TimeoutError"]
    assert metrics.recorded("gen_ai.client.token.usage") == []
