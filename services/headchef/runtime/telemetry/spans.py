"""Hops as OpenTelemetry spans, named and attributed by the messaging conventions 1.44.

No span carries a payload or an exception's text: both may hold prompts and outputs.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import Token
from types import TracebackType
from typing import Self

from opentelemetry import context
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider, format_trace_id, set_span_in_context
from opentelemetry.trace import Tracer as Spans
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from headchef.runtime.errors import InvalidEvent
from headchef.runtime.processor import Delivery
from headchef.runtime.telemetry.in_flight import InFlight
from headchef.runtime.telemetry.subject import subject_of
from headchef.runtime.telemetry.tracing import Call, Hop, TraceHeaders, Tracer, Value

Attributes = dict[str, Value]

_W3C = TraceContextTextMapPropagator()
_MAX_KEY_CHARACTERS = 200


class SpanTracer(Tracer):
    """Makes a span of each hop and output.

    Args:
        provider: of the spans.
        group: the processor's consumer group.
        client_id: the member's static id.
        in_flight: measures the hops, or None.
    """

    def __init__(self, provider: TracerProvider, group: str, client_id: str, in_flight: InFlight | None = None) -> None:
        super().__init__(in_flight)
        self._spans = provider.get_tracer("headchef")
        self._about: Attributes = {
            "messaging.system": "kafka",
            "messaging.consumer.group.name": group,
            "messaging.client.id": client_id,
        }

    def process(self, delivery: Delivery) -> Hop:
        """Begin a hop, as the child of what wrote the record."""
        return SpanHop(delivery, self._spans, self._about, self._in_flight)


class SpanHop(Hop):
    """A hop with a span of its own, and one for each output."""

    __slots__ = ("_about", "_context", "_otel_token", "_outputs", "_span", "_spans")

    def __init__(self, delivery: Delivery, spans: Spans, about: Attributes, in_flight: InFlight | None = None) -> None:
        super().__init__(delivery, in_flight)
        self._spans = spans
        self._about = about
        carrier = {name: value.decode("ascii", "replace") for name, value in self._incoming}
        self._span = spans.start_span(
            f"process {delivery.topic}",
            _W3C.extract(carrier, Context()),
            SpanKind.CONSUMER,
            about | _delivered(delivery),
        )
        self._context = set_span_in_context(self._span, Context())
        self._outputs: list[Span] = []
        self._otel_token: Token[Context] | None = None

    def __enter__(self) -> Self:
        self._otel_token = context.attach(self._context)
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._otel_token is not None:
            context.detach(self._otel_token)
        super().__exit__(kind, error, traceback)

    @property
    def trace_id(self) -> str:
        """Give the trace that the delivery belongs to, in 32 hexadecimal digits."""
        return format_trace_id(self._span.get_span_context().trace_id)

    def processed(self, error: BaseException | None = None) -> None:
        """End the span of the handler."""
        super().processed(error)
        if error is not None:
            _fail(self._span, error)
        self._span.end()

    def headers(self, destination: str) -> TraceHeaders:
        """Begin an output's span and give the headers that name it as the parent of the next hop."""
        attributes = self._about | _operation("send", "send") | {"messaging.destination.name": destination}
        span = self._spans.start_span(f"send {destination}", self._context, SpanKind.PRODUCER, attributes)
        self._outputs.append(span)
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, set_span_in_context(span, self._context))
        return tuple((name, value.encode()) for name, value in carrier.items())

    def sent(self, error: BaseException | None = None) -> None:
        """End the spans of the outputs."""
        super().sent(error)
        for span in self._outputs:
            if error is not None:
                _fail(span, error)
            span.end()
        self._outputs.clear()

    def calling(self, name: str, attributes: Mapping[str, Value]) -> AbstractContextManager[Call]:
        """Trace one call to something outside as a child of the handler's span."""
        return _calling(self._spans.start_span(name, self._context, SpanKind.CLIENT, attributes))


class SpanCall(Call):
    """A call with a span."""

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    def answered(self, attributes: Mapping[str, Value]) -> None:
        """Add what became known by the answer."""
        for name, value in attributes.items():
            self._span.set_attribute(name, value)

    def failed(self, error_type: str) -> None:
        """Note a failure by its machine-readable kind."""
        self._span.set_attribute("error.type", error_type)
        self._span.set_status(Status(StatusCode.ERROR))


@contextmanager
def _calling(span: Span) -> Iterator[Call]:
    try:
        yield SpanCall(span)
    except BaseException as error:
        _fail(span, error)
        raise
    finally:
        span.end()


def _operation(name: str, kind: str) -> Attributes:
    return {"messaging.operation.name": name, "messaging.operation.type": kind}


def _delivered(delivery: Delivery) -> Attributes:
    record, subject = delivery.record, subject_of(delivery)
    attributes = _operation("process", "process") | {
        "messaging.destination.name": delivery.topic,
        "messaging.destination.partition.id": str(record.partition),
        "messaging.kafka.offset": record.offset,
        "messaging.message.id": delivery.event_id,
    }
    if record.key is not None:
        attributes["messaging.kafka.message.key"] = record.key[:_MAX_KEY_CHARACTERS].decode(errors="replace")
    if subject.job_id is not None:
        attributes["messaging.message.conversation_id"] = subject.job_id
    if subject.step_id is not None:
        attributes["headchef.step.id"] = subject.step_id
    return attributes


def _fail(span: Span, error: BaseException) -> None:
    span.set_attribute("error.type", error.reason if isinstance(error, InvalidEvent) else type(error).__qualname__)
    span.set_status(Status(StatusCode.ERROR))
