"""Between records and events: opens what comes in, seals what goes out, and addresses dead letters."""

import hashlib
import uuid

from headchef_contracts import cloudevents, registry, topics

from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvalidEvent, UnknownVersion
from headchef.runtime.log.port import Headers, NewRecord, Record
from headchef.runtime.processor import (
    TIMERS,
    DeadLetter,
    Delivery,
    Emit,
    Forward,
    Input,
    Outcome,
    Processor,
)
from headchef.runtime.telemetry.tracing import Hop, TraceHeaders

EVENT_ID_HEADER = "headchef-event-id"
"""Carries the event id that a forwarded record had at its first place, from which its new one is derived."""

_MAX_HEADER_CHARACTERS = 4_000
_NAMESPACE = uuid.NAMESPACE_OID.bytes


def derived_id(cause_id: str, processor: str, ordinal: int) -> str:
    """Derive an output's event id: the same input gives the same id at each redelivery.

    Args:
        cause_id: event id of the input.
        processor: which processor made the output.
        ordinal: the output's place in the outcome.

    Returns:
        A UUID of version 5 (RFC 9562) in the OID namespace.
    """
    digest = bytearray(
        hashlib.sha1(_NAMESPACE + f"{cause_id}\0{processor}\0{ordinal}".encode(), usedforsecurity=False).digest()[:16]
    )
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def place_id(record: Record) -> str:
    """Give the event id of a record that has none: from its place in the log."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{record.topic}/{record.partition}/{record.offset}"))


def forwarded_id(record: Record) -> str | None:
    """Give the event id of a forwarded record, the same at each redelivery; None if it was not forwarded.

    Anybody can write the header, so the value is part of the id: a forged one can only be that of the same job.
    """
    carried = next((value for name, value in reversed(record.headers) if name == EVENT_ID_HEADER), None)
    if carried is None:
        return None
    content = hashlib.sha256(record.value or b"").hexdigest()
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{carried.hex()}/{content}"))


class OutputTooLarge(InvalidEvent):
    """An output is larger than its topic takes."""


class Envelope:
    """Opens and seals for one processor.

    Args:
        namespace: first part of the topics' names.
        processor: also the source of its events.
        group: consumer group, for the dead letters' headers.
        clock: for event times.
    """

    def __init__(self, *, namespace: str, processor: Processor, group: str, clock: Clock) -> None:
        self._namespace = namespace
        self._processor = processor.name
        self._group = group
        self._clock = clock
        # Timers have no dead letters of their own.
        self._timer_letters = processor.inputs[0].topic
        self._source = f"/{namespace}/{processor.name}"
        self._routes: dict[str, tuple[str, int]] = {}

    def open(self, source: Input, record: Record, partitions: int) -> Delivery:
        """Decode a record of an input.

        Raises:
            InvalidEvent: if an internal record is not what its topic promises.
            UnknownVersion: if it is newer than this program.
        """
        now = self._clock.now()
        if source.raw:
            event_id = forwarded_id(record) or place_id(record)
            return Delivery(source.topic, None, event_id, record, partitions, now)
        if record.value is None:
            raise InvalidEvent("tombstone", None, "an internal topic carries events; a null value is none")
        try:
            attributes = cloudevents.from_headers(record.headers)
            if attributes is None:
                raise InvalidEvent("no_cloudevents_headers", "ce_type", "an internal event has CloudEvents headers")
            event = registry.decode(attributes.type, attributes.version, record.value)
        except registry.UnknownEventVersion as error:
            raise UnknownVersion(
                f"{record.topic}[{record.partition}] offset {record.offset}: {error}; upgrade this processor first"
            ) from error
        except registry.UnknownEventType as error:
            raise InvalidEvent("unknown_type", "ce_type", str(error)) from error
        except registry.BrokenContract as error:
            raise InvalidEvent("invalid", error.field, error.message) from error
        return Delivery(source.topic, event, attributes.id, record, partitions, now)

    def seal(self, delivery: Delivery, outcome: Outcome, hop: Hop) -> list[NewRecord]:
        """Turn an outcome's outputs into records.

        Args:
            delivery: what the handler was given.
            outcome: what it decided.
            hop: gives the trace headers.

        Raises:
            OutputTooLarge: if a topic would not take one of them.
        """
        record, event_id = delivery.record, delivery.event_id
        sealed = []
        for ordinal, output in enumerate(outcome.outputs):
            if isinstance(output, Emit):
                sealed.append(self._emit(output, event_id, ordinal, hop.headers(output.topic)))
            elif isinstance(output, Forward):
                sealed.append(_forwarded(record, output, event_id))
            else:
                sealed.append(self.dead_letter(delivery.topic, record, output))
        return sealed

    def dead_letter(self, topic: str, record: Record, letter: DeadLetter) -> NewRecord:
        """Address a record's untouched bytes to the dead letters of its topic.

        The `kafka_` names are those that Spring's tools know.
        """
        added = {
            "kafka_original-topic": record.topic,
            "kafka_original-partition": str(record.partition),
            "kafka_original-offset": str(record.offset),
            "kafka_original-timestamp": str(record.timestamp_ms),
            "kafka_exception-fqcn": f"headchef.{letter.reason}",
            "kafka_exception-message": letter.message,
            "kafka_dlt-original-consumer-group": self._group,
            "headchef-reason": letter.reason,
            "headchef-field": letter.field or "",
            "headchef-dead-at": self._clock.now().isoformat(),
        }
        headers = tuple((name, value[:_MAX_HEADER_CHARACTERS].encode()) for name, value in added.items())
        physical, _ = self._route(f"{self._timer_letters if topic == TIMERS else topic}.dlq")
        return NewRecord(physical, record.value, record.key, record.partition, (*record.headers, *headers))

    def _emit(self, output: Emit, event_id: str, ordinal: int, trace: TraceHeaders) -> NewRecord:
        physical, max_bytes = self._route(output.topic)
        event = output.event
        key = topics.key_of(output.topic, event)
        written = registry.write(event)
        attributes = cloudevents.Attributes(
            id=self._id(output, event_id, ordinal),
            source=self._source,
            type=event.event_type,
            version=written.version,
            time=self._clock.now(),
            subject=None if key is None else key.decode(),
        )
        headers = cloudevents.to_headers(attributes, trace)
        record = NewRecord(physical, written.data, key, output.partition, headers, among=output.among)
        size = len(written.data)
        if size + _OVERHEAD_BYTES > max_bytes:
            raise OutputTooLarge(
                "output_too_large",
                None,
                f"an event for {output.topic} of {size} bytes; the topic takes {max_bytes - _OVERHEAD_BYTES}",
            )
        return record

    def _id(self, output: Emit, event_id: str, ordinal: int) -> str:
        if output.identity is None:
            return derived_id(event_id, self._processor, ordinal)
        # The first writer stands for all: who does publish it, and what else with it, is no part of its identity.
        return derived_id(output.identity, topics.topic(output.topic).writers[0], 0)

    def _route(self, topic: str) -> tuple[str, int]:
        route = self._routes.get(topic)
        if route is None:
            route = (topics.physical(self._namespace, topic), topics.topic(topic).max_message_bytes)
            self._routes[topic] = route
        return route


def _forwarded(record: Record, forward: Forward, event_id: str) -> NewRecord:
    """Address a record to another partition, marked once however often it is sent on: headers have a limit."""
    marks: Headers = (*forward.headers, (EVENT_ID_HEADER, event_id.encode()))
    ours = {name for name, _ in marks}
    headers = (*(header for header in record.headers if header[0] not in ours), *marks)
    return NewRecord(record.topic, record.value, record.key, forward.partition, headers, record.timestamp_ms)


_OVERHEAD_BYTES = 2_048
"""Room for key, headers and batch framing within a topic's limit."""
