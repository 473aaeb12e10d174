"""Receives traces and metrics over OTLP/HTTP, as a collector beside the services does."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.eventually import PATIENCE_S

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReceivedSpan:
    """What a test looks at in a span; ids in hexadecimal digits, the parent's empty at a root."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str


class OtlpCollector:
    """Keeps what has come."""

    def __init__(self) -> None:
        self.spans: list[ReceivedSpan] = []
        self.metrics: set[str] = set()
        self.raw = b""
        self.address = ""
        self._changed = threading.Condition()

    def wait_for(self, look: Callable[[], T]) -> T:
        """Wait until a look at what has come gives something true, and give that."""
        with self._changed:
            self._changed.wait_for(look, PATIENCE_S)
            found = look()
        assert found, (
            f"not within {PATIENCE_S} s; {len(self.spans)} spans came: {sorted({it.name for it in self.spans})}"
        )
        return found

    def receive(self, path: str, body: bytes) -> None:
        """Take one export."""
        with self._changed:
            self.raw += body
            if path == "/v1/traces":
                self.spans += _spans(body)
            else:
                self.metrics |= _metrics(body)
            self._changed.notify_all()


def _spans(body: bytes) -> Iterator[ReceivedSpan]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        about = {it.key: it.value.string_value for it in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                yield ReceivedSpan(about["service.name"], span.name, *ids)


def _metrics(body: bytes) -> set[str]:
    resources = ExportMetricsServiceRequest.FromString(body).resource_metrics
    return {metric.name for resource in resources for scope in resource.scope_metrics for metric in scope.metrics}


@contextmanager
def running_collector() -> Iterator[OtlpCollector]:
    """Listen on a free port while the context lasts."""
    collector = OtlpCollector()

    class Receiving(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.receive(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the standard library's
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiving)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    collector.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
