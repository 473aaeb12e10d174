"""Telemetry starts when the standard variables ask for it, reaches a collector, and never holds up an exit."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.runtime.settings import BadSettings
from headchef.runtime.telemetry import setup
from headchef.runtime.telemetry.setup import start_telemetry
from headchef.runtime.telemetry.spans import SpanTracer
from headchef.runtime.telemetry.tracing import Tracer
from tests.support.eventually import PATIENCE_S
from tests.support.manual_clock import ManualClock
from tests.telemetry.deliveries import make_delivery


class Collector(BaseHTTPRequestHandler):
    received: dict[str, bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received[self.path] = self.received.get(self.path, b"") + body
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the standard library's
        return


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    received: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Receiving", (Collector,), {"received": received}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    # How long an exit waits for a busy machine is not what these are about.
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", f"{PATIENCE_S:g}")
    monkeypatch.setattr(setup, "_CLOSE_S", PATIENCE_S)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_is_started_when_nothing_is_asked_for() -> None:
    telemetry = start_telemetry("headchef-router", "headchef", "router-1", {})
    assert type(telemetry.tracer("g", "c", ManualClock())) is Tracer
    log = MemoryLog(Cluster(ManualClock()))
    assert telemetry.observed(log, ManualClock()) is log
    telemetry.close()


def test_traces_and_metrics_reach_the_collector(collector: dict[str, bytes]) -> None:
    telemetry = start_telemetry("headchef-router", "blue", "router-1")
    tracer = telemetry.tracer("blue.router", "router-1", ManualClock())
    assert isinstance(tracer, SpanTracer)
    with tracer.process(make_delivery()):
        telemetry.metrics.count("headchef.jobs.accepted")
    telemetry.close()

    assert set(collector) == {"/v1/traces", "/v1/metrics"}
    assert b"process steps.planned" in collector["/v1/traces"]
    assert b"headchef.jobs.accepted" in collector["/v1/metrics"]
    for body in collector.values():
        for word in (b"service.name", b"headchef-router", b"service.namespace", b"blue", b"router-1"):
            assert word in body


def test_the_environment_may_name_the_service(collector: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "kitchen")
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    telemetry = start_telemetry("headchef-router", "headchef", "router-1")
    with telemetry.tracer("g", "c", ManualClock()).process(make_delivery()):
        pass
    telemetry.close()

    assert set(collector) == {"/v1/traces"}
    assert b"kitchen" in collector["/v1/traces"]
    assert b"headchef-router" not in collector["/v1/traces"]


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"},
    ],
)
def test_it_can_be_switched_off(environ: dict[str, str]) -> None:
    assert type(start_telemetry("s", "n", "i", environ).tracer("g", "c", ManualClock())) is Tracer


@pytest.mark.parametrize(
    ("environ", "field"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        (
            {"OTEL_METRICS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL",
        ),
    ],
)
def test_what_is_not_offered_is_named(environ: dict[str, str], field: str) -> None:
    with pytest.raises(BadSettings) as caught:
        start_telemetry("s", "n", "i", environ)
    assert caught.value.field == field
