"""Reads a raw record of the public topic as far as it can be read: bytes to JSON object, and whose job it is."""

from dataclasses import dataclass
from math import isinf
from typing import Any, TypeVar

from pydantic_core import from_json

from headchef_contracts import cloudevents
from headchef_contracts.errors import BrokenContract, UnknownEventVersion
from headchef_contracts.events.common import MAX_RUN, PublicEvent
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.registry import decode

from headchef.router.refusal import Refused
from headchef.runtime.log.port import Headers, Record
from headchef.schema import depth_of

T = TypeVar("T", bound=PublicEvent)

MAX_DEPTH = 64

_SHAPE = bytes.maketrans(b"123456789E", b"000000000e")
"""Makes all digits one: a tenth of the time of a regular expression, which would take a sixth of a job's."""

_MANY_DIGITS = b"0" * 300

SEEN = "seen"
"""The store of what was taken on, by `seen_key`."""

_LONGEST_ID = 200
_REST_OF_IDENTITY = (("tenant", "default"), ("run", 0), ("revision", 0))
"""What names a job beside its id, with the contract's defaults."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a submission may be.

    Attributes:
        max_job_bytes: of the record's value, key and headers together.
        max_header_bytes: of its headers alone.
    """

    max_job_bytes: int
    max_header_bytes: int


@dataclass(frozen=True, slots=True)
class Submission:
    """A JSON object that may be a job.

    Attributes:
        payload: the object.
        data: the bytes it was read from.
        attributes: of a structured CloudEvent; None where they would be in the headers.
    """

    payload: dict[str, Any]
    data: bytes
    attributes: cloudevents.Attributes | None

    @property
    def job_id(self) -> str | None:
        """What names the job, if it can be read."""
        job_id = self.payload.get("job_id")
        return job_id if isinstance(job_id, str) and 0 < len(job_id) <= _LONGEST_ID else None

    @property
    def tenant(self) -> str | None:
        """Whose job it is, if that can be read."""
        tenant = self.payload.get("tenant")
        return tenant if isinstance(tenant, str) and len(tenant) <= _LONGEST_ID else None

    @property
    def run(self) -> int | None:
        """Which run of the job it is, if that can be read."""
        run = self.payload.get("run", 0)
        return run if type(run) is int and 0 <= run <= MAX_RUN else None

    @property
    def batch_id(self) -> str | None:
        """Which batch the job came with, if that can be read."""
        batch_id = self.payload.get("batch_id")
        return batch_id if isinstance(batch_id, str) and len(batch_id) <= _LONGEST_ID else None

    @property
    def batch_size(self) -> int | None:
        """How many jobs that batch has, if that can be read."""
        batch_size = self.payload.get("batch_size")
        return batch_size if type(batch_size) is int and 0 < batch_size <= MAX_RUN else None

    @property
    def conversation_id(self) -> str | None:
        """The conversation that the job belongs to, if that can be read."""
        conversation_id = self.payload.get("conversation_id")
        return conversation_id if isinstance(conversation_id, str) else None

    @property
    def seen_key(self) -> bytes | None:
        """Under what the job is remembered; None where a part of it cannot be read.

        The tenant is one part: a conflict would tell one tenant which job ids another one uses.
        """
        tenant, run, revision = (self.payload.get(name, other) for name, other in _REST_OF_IDENTITY)
        if type(tenant) is not str or type(run) is not int or type(revision) is not int:
            return None
        return f"{tenant}\0{self.job_id}\0{run}\0{revision}".encode()


def read(record: Record, value: bytes, limits: Limits) -> Submission:
    """Read a record's JSON object.

    Args:
        record: as it was read from the log.
        value: the record's value, which is not null.
        limits: how large it may be.

    Raises:
        Refused: too large, framed for a schema registry, not JSON, not an object, nested too deeply.
    """
    _weigh(record.headers, len(value) + len(record.key or b""), limits)
    if value[:1] == b"\0":
        raise Refused(
            "schema_registry_framing",
            None,
            "the value starts with a zero byte, as a schema registry's serializer writes it: publish plain JSON "
            "(StringSerializer or ByteArraySerializer in place of KafkaJsonSchemaSerializer or KafkaAvroSerializer)",
        )
    if not cloudevents.is_structured(record.headers):
        return Submission(_object(value), value, None)
    _object(value)
    try:
        attributes, data = cloudevents.from_structured(value)
    except BrokenContract as broken:
        raise Refused(broken.reason, broken.field, broken.message) from broken
    return Submission(_object(data), data, attributes)


def _weigh(headers: Headers, bytes_beside: int, limits: Limits) -> None:
    header_bytes = 0
    for name, content in headers:
        header_bytes += len(name) + len(content or b"")
    if header_bytes > limits.max_header_bytes:
        raise Refused(
            "too_large", None, f"{header_bytes} bytes of headers; at most {limits.max_header_bytes} are taken"
        )
    total = header_bytes + bytes_beside
    if total > limits.max_job_bytes:
        raise Refused("too_large", None, f"the record has {total} bytes; at most {limits.max_job_bytes} are taken")


def _object(data: bytes) -> dict[str, Any]:
    try:
        payload = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        if "recursion limit" in str(error):
            raise Refused("invalid", None, f"nested deeper than {MAX_DEPTH} levels") from error
        raise Refused("not_json", None, f"not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise Refused("not_an_object", None, f"must be a JSON object, not {_kind(payload)}")
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH and depth_of(payload, MAX_DEPTH) > MAX_DEPTH:
        raise Refused("invalid", None, f"nested deeper than {MAX_DEPTH} levels")
    if _may_have_beyond(data) and _has_beyond(payload):
        # It would be read as infinite, and written as null from then on.
        raise Refused("invalid", None, "has a number beyond 1.8e308; write it as a text")
    return payload


def _may_have_beyond(data: bytes) -> bool:
    """Say whether something is written as a number beyond all floats would be; of most jobs nothing is."""
    shape = data.translate(_SHAPE)
    return b"0e" in shape or _MANY_DIGITS in shape


def _has_beyond(payload: object) -> bool:
    """Say whether a number somewhere is too large for a float; of what is not nested too deeply."""
    match payload:
        case float():
            return isinf(payload)
        case dict():
            return any(map(_has_beyond, payload.values()))
        case list():
            return any(map(_has_beyond, payload))
        case _:
            return False


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case list():
            return "an array"
        case str():
            return "a string"
        case bool():
            return "true or false"
        case _:
            return "a number"


def validate(submission: Submission, headers: Headers) -> JobSubmitted:
    """Hold a submission against the contract of jobs; see `held_against`."""
    return held_against(JobSubmitted, submission, headers)


def held_against(model: type[T], submission: Submission, headers: Headers) -> T:
    """Hold a submission against the contract of an event.

    Args:
        model: of the event that the topic takes.
        submission: a JSON object.
        headers: of the record; CloudEvents headers are optional, but not half of them.

    Raises:
        Refused: the type is another, the version is unknown, or the contract is broken; names the field.
    """
    try:
        attributes = submission.attributes or cloudevents.from_headers(headers)
        version = model.version
        if attributes is not None:
            version = attributes.version
            if attributes.type != model.event_type:
                field = "ce_type" if submission.attributes is None else "type"
                message = f"this topic takes {model.event_type}, not {attributes.type[:_LONGEST_ID]}"
                raise Refused("invalid", field, message)
        event = decode(model.event_type, version, submission.data)
    except BrokenContract as broken:
        raise Refused(broken.reason, broken.field, broken.message) from broken
    except UnknownEventVersion as unknown:
        field = "ce_dataschema" if submission.attributes is None else "dataschema"
        raise Refused("unknown_version", field, str(unknown)) from unknown
    if not isinstance(event, model):
        raise AssertionError(f"the registry read {model.event_type} as another event")
    return event


def without_id(submission: Submission) -> Refused:
    """Say what is wrong with a submission whose job id cannot be read."""
    if "job_id" not in submission.payload:
        message = "this field is required: your own id of the job, the same each time that you send the job"
    else:
        message = "must be a string of 1 to 200 characters"
    return Refused("invalid", "job_id", message)


def conflict(job_id: str, run: int, revision: int) -> Refused:
    """Say what is wrong with a job that was accepted before with other content."""
    return Refused(
        "job_id_conflict",
        "job_id",
        f"the job {job_id!r} (run {run}, revision {revision}) was accepted before with other content: "
        "raise `revision` for new content, or `run` to have the job done again, or choose another id",
    )
