"""CloudEvents over Kafka: binary mode in both directions, structured mode in, plain JSON left alone."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from headchef_contracts.cloudevents import Attributes, from_headers, from_structured, is_structured, to_headers
from headchef_contracts.errors import BrokenContract

FULL = Attributes(
    id="7d0c", source="/headchef/router", type="headchef.step.planned", version=1,
    time=datetime(2026, 11, 22, 14, 30, 0, 5000, tzinfo=UTC), subject="job-ü",
)  # fmt: skip


def test_headers_have_the_names_of_the_kafka_binding() -> None:
    assert dict(to_headers(FULL, [("traceparent", b"00-1-2-01")])) == {
        "ce_specversion": b"1.0",
        "ce_type": b"headchef.step.planned",
        "ce_source": b"/headchef/router",
        "ce_dataschema": b"urn:headchef:schema:headchef.step.planned:1",
        "content-type": b"application/json",
        "ce_id": b"7d0c",
        "ce_time": b"2026-11-22T14:30:00.005000Z",
        "ce_subject": "job-ü".encode(),
        "traceparent": b"00-1-2-01",
    }


@pytest.mark.parametrize("attributes", [FULL, Attributes("1", "/s", "t", 12), Attributes("1", "/s", "t", 1, None, "x")])
def test_headers_come_back_equal(attributes: Attributes) -> None:
    assert from_headers(to_headers(attributes, [("other", b"\xff")])) == attributes


def test_another_zone_is_the_same_moment() -> None:
    time = datetime(2026, 11, 22, 16, 30, tzinfo=timezone(timedelta(hours=2)))
    read = from_headers(to_headers(Attributes("1", "/s", "t", 1, time)))
    assert read is not None
    assert read.time == time


def test_plain_json_has_no_attributes() -> None:
    assert from_headers([]) is None
    assert from_headers([("content-type", b"application/json"), ("traceparent", b"x")]) is None


def test_other_producers_may_leave_the_schema_out() -> None:
    headers = [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"/cms"), ("ce_type", b"t"), ("x", None)]
    assert from_headers(headers) == Attributes("1", "/cms", "t", 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ce_id": None}, "ce_id"),
        ({"ce_source": None}, "ce_source"),
        ({"ce_type": None}, "ce_type"),
        ({"ce_specversion": None}, "ce_specversion"),
        ({"ce_specversion": b"0.3"}, "ce_specversion"),
        ({"ce_type": b""}, "ce_type"),
        ({"ce_id": b""}, "ce_id"),
        ({"ce_id": b"\xff"}, "ce_id"),
        ({"ce_time": b"yesterday"}, "ce_time"),
        ({"ce_time": b"\xff"}, "ce_time"),
        ({"ce_dataschema": b"http://example.com/schema"}, "ce_dataschema"),
        ({"ce_dataschema": b"urn:headchef:schema:headchef.step.planned:one"}, "ce_dataschema"),
        ({"ce_dataschema": b"urn:headchef:schema:another.type:1"}, "ce_dataschema"),
    ],
)
def test_half_an_envelope_is_refused_by_name(changes: dict[str, bytes | None], field: str) -> None:
    headers = dict(to_headers(FULL)) | changes
    with pytest.raises(BrokenContract) as broken:
        from_headers([(name, value) for name, value in headers.items() if value is not None])
    assert broken.value.field == field


ENVELOPE = {
    "specversion": "1.0",
    "id": "1",
    "source": "/cms",
    "type": "headchef.job.submitted",
    "time": "2026-11-22T14:30:00Z",
    "datacontenttype": "application/json",
    "data": {"job_id": "a", "prompt": "hi"},
}


def test_structured_mode_is_read() -> None:
    attributes, data = from_structured(json.dumps(ENVELOPE).encode())
    time = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
    assert attributes == Attributes("1", "/cms", "headchef.job.submitted", 1, time)
    assert json.loads(data) == ENVELOPE["data"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"id": None}, "id"), ({"type": 5}, "type"), ({"specversion": "0.3"}, "specversion"), ({"time": "x"}, "time")],
)
def test_a_structured_attribute_at_fault_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BrokenContract) as broken:
        from_structured(json.dumps(ENVELOPE | changes).encode())
    assert broken.value.field == field


@pytest.mark.parametrize(("data", "reason"), [(b"{", "not_json"), (b"[]", "not_an_object"), (b"{}", "invalid")])
def test_what_is_no_envelope_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BrokenContract) as broken:
        from_structured(data)
    assert broken.value.reason == reason


def test_an_envelope_without_data_is_refused() -> None:
    envelope = {name: value for name, value in ENVELOPE.items() if name != "data"}
    with pytest.raises(BrokenContract) as broken:
        from_structured(json.dumps(envelope).encode())
    assert broken.value.field == "data"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("content-type", b"application/cloudevents+json")], True),
        ([("Content-Type", b"application/cloudevents+json; charset=UTF-8")], True),
        ([("content-type", b"application/json")], False),
        ([("content-type", None)], False),
        ([], False),
    ],
)
def test_the_content_type_tells_the_mode(headers: list[tuple[str, bytes | None]], expected: bool) -> None:
    assert is_structured(headers) is expected
