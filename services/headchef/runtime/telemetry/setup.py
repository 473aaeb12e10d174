"""Starts traces and metrics over OTLP, if the standard OTEL_* variables ask for them."""

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from headchef_contracts import topics

from headchef.runtime.clock import Clock
from headchef.runtime.log.port import Log
from headchef.runtime.settings import BadSettings
from headchef.runtime.telemetry.in_flight import InFlight
from headchef.runtime.telemetry.metrics import Metrics
from headchef.runtime.telemetry.tracing import Tracer

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

_CLOSE_S = 5.0


class Telemetry:
    """A process's metrics and traces; without exporters both cost next to nothing.

    Args:
        meters: takes the metrics, or None.
        tracers: takes the spans, or None.
        namespace: first part of the topics' names, which is left out of metrics and spans.
    """

    def __init__(
        self,
        meters: "MeterProvider | None" = None,
        tracers: "TracerProvider | None" = None,
        namespace: str = "headchef",
    ) -> None:
        self._meters = meters
        self._tracers = tracers
        self._namespace = namespace
        self.metrics = Metrics(None if meters is None else meters.get_meter("headchef"))

    def tracer(self, group: str, client_id: str, clock: Clock) -> Tracer:
        """Give one processor's tracer.

        Args:
            group: its consumer group.
            client_id: its member's static id.
            clock: measures its deliveries.
        """
        in_flight = None if self._meters is None else InFlight(self.metrics, clock)
        if self._tracers is None:
            return Tracer(in_flight)
        from headchef.runtime.telemetry.spans import SpanTracer

        return SpanTracer(self._tracers, group, client_id, in_flight)

    def observed(self, log: Log, clock: Clock) -> Log:
        """Give a log whose polls, sends and commits are told; the log itself if nobody listens."""
        if self._meters is None and self._tracers is None:
            return log
        from headchef.runtime.telemetry.observed_log import ObservedLog, Observer

        spans = None if self._tracers is None else self._tracers.get_tracer("headchef")
        return ObservedLog(log, Observer(self.metrics, spans, clock, self._logical))

    def _logical(self, topic: str) -> str:
        return topics.logical(self._namespace, topic) or topic

    def close(self) -> None:
        """Export what is left, for five seconds at most: an absent collector must not hold up an exit. Blocks."""
        closing = threading.Thread(target=self._shut_down, daemon=True)
        closing.start()
        closing.join(_CLOSE_S)

    def _shut_down(self) -> None:
        for provider in (self._tracers, self._meters):
            if provider is not None:
                provider.shutdown()


def start_telemetry(service: str, namespace: str, instance: str, environ: Mapping[str, str] = os.environ) -> Telemetry:
    """Start what the environment asks for.

    Args:
        service: `service.name` where OTEL_SERVICE_NAME says nothing else, such as `headchef-router`.
        namespace: `service.namespace`, the first part of the topics' names.
        instance: `service.instance.id`.
        environ: where the OTEL_* variables are; the exporters read theirs from the process's environment.

    Raises:
        BadSettings: an exporter or protocol that is not offered.
    """
    traces, metrics = _wanted(environ, "TRACES"), _wanted(environ, "METRICS")
    if not traces and not metrics:
        return Telemetry()
    resource = _resource(service, namespace, instance)
    return Telemetry(_meters(resource) if metrics else None, _tracers(resource) if traces else None, namespace)


def _wanted(environ: Mapping[str, str], signal: str) -> bool:
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environ.get(f"OTEL_{signal}_EXPORTER", "").strip()
    if exporter == "none":
        return False
    if exporter not in {"", "otlp"}:
        raise BadSettings(f"OTEL_{signal}_EXPORTER", f"{exporter} is not offered; otlp and none are")
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    if not exporter and not any(environ.get(name) for name in endpoints):
        return False
    for name in (f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if (protocol := environ.get(name)) is not None:
            if protocol != "http/protobuf":
                raise BadSettings(name, f"{protocol} is not offered; http/protobuf is, on port 4318 of most collectors")
            break
    return True


def _resource(service: str, namespace: str, instance: str) -> "Resource":
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    ours = {
        "service.name": service,
        "service.namespace": namespace,
        "service.instance.id": instance,
    }
    with suppress(PackageNotFoundError):  # run from a tree that was not installed
        ours["service.version"] = version("headchef")
    return Resource.create(ours | dict(OTELResourceDetector().detect().attributes))


def _tracers(resource: "Resource") -> "TracerProvider":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _meters(resource: "Resource") -> "MeterProvider":
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    return MeterProvider([reader], resource=resource, shutdown_on_exit=False)
