"""A job's trace through its hops: what the runtime calls, in the form that hands the context on untouched."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

from headchef.runtime.log.port import Headers
from headchef.runtime.processor import Delivery
from headchef.runtime.telemetry.in_flight import InFlight

# W3C Trace Context: version 00 has 55 characters, later ones may have more; a tracestate needs no more than 512.
_MAX_BYTES = {"traceparent": 128, "tracestate": 512}

TraceHeaders = tuple[tuple[str, bytes], ...]
"""`traceparent` and `tracestate`, where they are there."""

Value = str | int | float | list[str]
"""What an attribute of a span may be."""

_current: ContextVar["Hop | None"] = ContextVar("headchef_hop", default=None)


def current_hop() -> "Hop | None":
    """Give the hop inside whose handler this code runs."""
    return _current.get()


def trace_headers(headers: Headers) -> TraceHeaders:
    """Give what a record's headers say about its trace, untouched; what is longer than W3C asks for is left out."""
    return tuple(
        (name, value) for name, value in headers if value is not None and len(value) <= _MAX_BYTES.get(name, -1)
    )


class Hop:
    """One delivery on its way through a processor.

    `with hop:` stands around the handler: logs then name the delivery's job, and what is traced inside belongs to it.
    `sent` follows when the outputs are committed or given up.

    Args:
        delivery: what is processed.
        in_flight: measures it, or None.
    """

    __slots__ = ("__weakref__", "_in_flight", "_incoming", "_token", "began_s", "delivery")

    def __init__(self, delivery: Delivery, in_flight: InFlight | None = None) -> None:
        self.delivery = delivery
        self._in_flight = in_flight
        self.began_s = 0.0 if in_flight is None else in_flight.begun(self)
        self._incoming = trace_headers(delivery.record.headers)
        self._token: Token[Hop | None] | None = None

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
        self.processed(error)

    @property
    def trace_id(self) -> str | None:
        """Give the trace that the delivery belongs to, in 32 hexadecimal digits."""
        return next(
            (value[3:35].decode("ascii", "replace") for name, value in self._incoming if name == "traceparent"), None
        )

    def processed(self, error: BaseException | None = None) -> None:
        """Note that the handler is done with the delivery; only batches, which use no `with`, call this themselves."""
        if self._in_flight is not None:
            self._in_flight.processed(self, error)

    def headers(self, destination: str) -> TraceHeaders:
        """Give the trace headers for one output.

        Args:
            destination: logical name of the output's topic.
        """
        return self._incoming

    def sent(self, error: BaseException | None = None) -> None:
        """Note that all outputs are committed, or what kept them from it."""
        if self._in_flight is not None:
            self._in_flight.sent(self, error)

    def calling(self, name: str, attributes: Mapping[str, Value]) -> AbstractContextManager["Call"]:
        """Trace one call to something outside.

        Args:
            name: of the span.
            attributes: known before the call.
        """
        return nullcontext(_SILENT_CALL)


class Call:
    """A call to something outside, for as long as it goes on."""

    __slots__ = ()

    def answered(self, attributes: Mapping[str, Value]) -> None:
        """Add what became known by the answer."""

    def failed(self, error_type: str) -> None:
        """Note a failure by its machine-readable kind."""


_SILENT_CALL = Call()


class Tracer:
    """Makes hops that only hand the incoming context on: the form without a provider of traces.

    Args:
        in_flight: measures the hops, or None.
    """

    def __init__(self, in_flight: InFlight | None = None) -> None:
        self._in_flight = in_flight

    def process(self, delivery: Delivery) -> Hop:
        """Begin a hop."""
        return Hop(delivery, self._in_flight)


@contextmanager
def call(name: str, attributes: Mapping[str, Value]) -> Iterator[Call]:
    """Trace one call to something outside, as part of the hop that this code runs in, if any."""
    hop = _current.get()
    if hop is None:
        yield _SILENT_CALL
        return
    with hop.calling(name, attributes) as going_on:
        yield going_on
