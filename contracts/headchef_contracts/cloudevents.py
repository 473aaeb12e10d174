"""CloudEvents over Kafka: attributes to headers and back (binary mode), and the structured mode of the public topic."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic_core import from_json, to_json

from headchef_contracts.errors import BrokenContract

Header = tuple[str, bytes]

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
STRUCTURED_CONTENT_TYPE = "application/cloudevents+json"
_DATASCHEMA_PREFIX = "urn:headchef:schema:"


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is said about an event beside its data.

    Attributes:
        id: unique within the source; the same at each redelivery.
        source: who made the event, a URI reference such as `/headchef/router`.
        type: such as `headchef.job.submitted`.
        version: of the type's schema; 1 where the producer names no schema.
        time: when the event was made, aware; None where the producer does not say.
        subject: the job id, by our convention; None where there is none.
    """

    id: str
    source: str
    type: str
    version: int
    time: datetime | None = None
    subject: str | None = None


def dataschema(event_type: str, version: int) -> str:
    """Give the name of a schema, as `ce_dataschema` carries it."""
    return f"{_DATASCHEMA_PREFIX}{event_type}:{version}"


@lru_cache(maxsize=256)
def _constant_headers(event_type: str, version: int, source: str) -> tuple[Header, ...]:
    return (
        ("ce_specversion", SPEC_VERSION.encode()),
        ("ce_type", event_type.encode()),
        ("ce_source", source.encode()),
        ("ce_dataschema", dataschema(event_type, version).encode()),
        ("content-type", CONTENT_TYPE.encode()),
    )


def _rfc3339(time: datetime) -> str:
    text = time.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def to_headers(attributes: Attributes, extra: Iterable[Header] = ()) -> tuple[Header, ...]:
    """Give the headers of a record in binary mode.

    Args:
        attributes: what to say about the event.
        extra: headers to add behind, such as `traceparent`.

    Returns:
        Kafka headers; values are UTF-8.
    """
    constant = _constant_headers(attributes.type, attributes.version, attributes.source)
    headers: tuple[Header, ...] = (*constant, ("ce_id", attributes.id.encode()))
    if attributes.time is not None:
        headers += (("ce_time", _rfc3339(attributes.time).encode()),)
    if attributes.subject is not None:
        headers += (("ce_subject", attributes.subject.encode()),)
    return (*headers, *extra)


def from_headers(headers: Iterable[tuple[str, bytes | None]]) -> Attributes | None:
    """Read the attributes of a record in binary mode. Where a name comes twice, the last one counts.

    Args:
        headers: all headers of the record; others than CloudEvents' are passed over.

    Returns:
        The attributes, or None where the record has no CloudEvents headers (plain JSON, or structured mode).

    Raises:
        BrokenContract: some are there but a required one is not, or one cannot be read; names the header.
    """
    found = dict(headers)
    try:
        return Attributes(
            _required(found, "ce_id"),
            _required(found, "ce_source"),
            *_type_and_version(found["ce_specversion"], found["ce_type"], found.get("ce_dataschema")),
            _time(found.get("ce_time")),
            _optional(found, "ce_subject"),
        )
    except KeyError as missing:
        if not any(name.startswith("ce_") for name in found):
            return None
        name = str(missing.args[0])
        raise BrokenContract(name, "this CloudEvents header is missing, while others are there") from None


def is_structured(headers: Iterable[tuple[str, bytes | None]]) -> bool:
    """Say whether a record carries its attributes and its data together in its value (structured mode)."""
    for name, value in headers:
        if name.lower() == "content-type" and value is not None:
            return value.decode(errors="replace").split(";")[0].strip().lower() == STRUCTURED_CONTENT_TYPE
    return False


def from_structured(data: bytes) -> tuple[Attributes, bytes]:
    """Read a record in structured mode, one JSON object with attributes and `data`.

    Args:
        data: the record's value.

    Returns:
        The attributes, and the event's data as JSON.

    Raises:
        BrokenContract: not JSON, not an object, or an attribute missing or unreadable; names it.
    """
    envelope = _envelope(data)
    for name in ("specversion", "id", "source", "type", "dataschema", "time", "subject"):
        value = envelope.get(name)
        if value is None and name in ("specversion", "id", "source", "type"):
            raise BrokenContract(name, "this attribute is required in CloudEvents structured mode")
        if value is not None and not isinstance(value, str):
            raise BrokenContract(name, "must be a string")
    if "data" not in envelope:
        raise BrokenContract("data", "the event's JSON object is expected under `data`; `data_base64` is not taken")
    texts = {f"ce_{name}": value.encode() for name, value in envelope.items() if isinstance(value, str)}
    try:
        attributes = from_headers(texts.items())
    except BrokenContract as broken:
        raise BrokenContract((broken.field or "").removeprefix("ce_"), broken.message) from None
    if attributes is None:
        raise AssertionError("required attributes were checked above")
    return attributes, to_json(envelope["data"])


def _envelope(data: bytes) -> dict[str, Any]:
    try:
        envelope = from_json(data)
    except ValueError as error:
        raise BrokenContract(None, f"not JSON: {error}", "not_json") from None
    if not isinstance(envelope, dict):
        raise BrokenContract(None, "a CloudEvents envelope is a JSON object", "not_an_object")
    return envelope


def _required(found: dict[str, bytes | None], name: str) -> str:
    value = _text(name, found[name])
    if not value:
        raise BrokenContract(name, "must not be empty")
    return value


def _optional(found: dict[str, bytes | None], name: str) -> str | None:
    value = found.get(name)
    return None if value is None else _text(name, value)


def _text(name: str, value: bytes | None) -> str:
    try:
        return (value or b"").decode()
    except UnicodeDecodeError:
        raise BrokenContract(name, "must be UTF-8") from None


@lru_cache(maxsize=256)
def _type_and_version(spec: bytes | None, event_type: bytes | None, schema: bytes | None) -> tuple[str, int]:
    if spec != SPEC_VERSION.encode():
        raise BrokenContract("ce_specversion", f"must be {SPEC_VERSION}")
    name = _text("ce_type", event_type)
    if not name:
        raise BrokenContract("ce_type", "must not be empty")
    if schema is None:
        return name, 1
    prefix, text = dataschema(name, 0)[:-1], _text("ce_dataschema", schema)
    version = text.removeprefix(prefix)
    if not text.startswith(prefix) or not (version.isascii() and version.isdigit() and len(version) < 10):
        raise BrokenContract("ce_dataschema", f"must be {prefix}<version>, such as {prefix}1, or be left out")
    return name, int(version)


def _time(value: bytes | None) -> datetime | None:
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value.decode())
    except ValueError:
        raise BrokenContract("ce_time", "must be a time such as 2026-11-22T14:30:00Z") from None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
