"""What is refused at the door: raw bytes to the dead letters, and the reason in words."""

from typing import Any

import orjson
import pytest

from headchef_contracts.events.jobs import JobRefused
from headchef_contracts.placement import home_partition

from headchef.router.submission import Limits
from headchef.runtime.log.port import Headers
from headchef.runtime.processor import DeadLetter, Emit, Outcome
from tests.router.conftest import Door
from tests.support.builders import PARTITIONS, make_job

HOME = home_partition("job-1", None, PARTITIONS)
REF = {"ref": {"sha256": "0" * 64, "bytes": 5, "media_type": "text/plain"}}
CLOUD_EVENT: dict[str, bytes] = {
    "ce_specversion": b"1.0",
    "ce_id": b"1",
    "ce_source": b"/cms",
    "ce_type": b"headchef.job.submitted",
}


def refusal(outcome: Outcome) -> JobRefused:
    letter, emitted = outcome.outputs
    assert isinstance(letter, DeadLetter)
    assert isinstance(emitted, Emit)
    assert emitted.topic == "jobs.refused"
    assert isinstance(emitted.event, JobRefused)
    assert (letter.reason, letter.field, letter.message) == (
        emitted.event.reason,
        emitted.event.field,
        emitted.event.message,
    )
    assert outcome.changes == ()
    return emitted.event


@pytest.mark.parametrize(
    ("value", "reason", "message"),
    [
        (b"", "not_json", "not JSON"),
        (b"hello", "not_json", "line 1 column 1"),
        (b'{"job_id": "a",\n oops}', "not_json", "line 2 column 2"),
        (b"\xff\xfe", "not_json", "not JSON"),
        (b'{"a": NaN}', "not_json", "not JSON"),
        (b'{"a": "\\ud800"}', "not_json", "not JSON"),
        (b"[]", "not_an_object", "an array"),
        (b"null", "not_an_object", "null"),
        (b'"job"', "not_an_object", "a string"),
        (b"true", "not_an_object", "true or false"),
        (b"1", "not_an_object", "a number"),
        (b"\x00\x00\x00\x00\x07{}", "schema_registry_framing", "publish plain JSON"),
        (b"{" + b" " * 200_000 + b"}", "too_large", "100000"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "invalid", "64 levels"),
        (b"[" * 90_000, "invalid", "64 levels"),
        (b'{"job_id": "a", "prompt": "hi", "input": {"a": [1e999]}}', "invalid", "beyond 1.8e308; write it as a text"),
        (b'{"job_id": "a", "prompt": "hi", "input": {"a": 1' + b"0" * 400 + b".5}}", "invalid", "beyond 1.8e308"),
        (b'{"prompt": "hi"}', "invalid", "required"),
    ],
)
async def test_what_cannot_be_read_is_refused_where_it_lies(
    door: Door, value: bytes, reason: str, message: str
) -> None:
    refused = refusal(await door.submit(value, partition=3, offset=9))
    assert (refused.reason, refused.job_id) == (reason, None)
    assert message in refused.message
    assert (refused.source.partition, refused.source.offset) == (3, 9)
    assert refused.dead_letter_topic == "jobs.submitted.dlq"


@pytest.mark.parametrize("job_id", [1, None, "", "x" * 201, [], {}, True])
async def test_the_job_id_is_never_guessed(door: Door, job_id: object) -> None:
    refused = refusal(await door.submit({"job_id": job_id, "prompt": "hi"}, partition=0, key=b"job-1"))
    assert (refused.reason, refused.field, refused.job_id) == ("invalid", "job_id", None)


@pytest.mark.parametrize(
    ("fields", "reason", "field", "message"),
    [
        ({"promt": "hi"}, "invalid", "promt", "prompt"),
        ({"prompt": 5}, "invalid", "prompt", "string"),
        ({"run": "1"}, "invalid", "run", "whole number"),
        ({"run": True}, "invalid", "run", "whole number"),
        ({"run": -1}, "invalid", "run", "greater"),
        ({"run": 1.0}, "invalid", "run", "whole number"),
        ({"tenant": ""}, "invalid", "tenant", "character"),
        ({"class": "fast"}, "invalid", "class", "interactive"),
        ({"deadline": "2026-01-01T00:00:00"}, "invalid", "deadline", "time zone"),
        ({"parameters": {"temperature": 3}}, "invalid", "parameters.temperature", "2"),
        ({"batch_size": 2}, "invalid", "batch_size", "give `batch_id` too"),
        ({"batch_max_reject_rate": 0.1}, "invalid", "batch_max_reject_rate", "give `batch_id` too"),
        (
            {"batch_id": "b", "batch_max_reject_rate": 1.5},
            "invalid",
            "batch_max_reject_rate",
            "less than or equal to 1",
        ),
        ({"model": "smal"}, "unknown_model", "model", "did you mean small?"),
        ({"model": "zzz"}, "unknown_model", "model", "small, large"),
        ({"prompt": REF}, "unsupported_reference", "prompt", "HEADCHEF_BODIES"),
        ({"system": REF}, "unsupported_reference", "system", "HEADCHEF_BODIES"),
        ({"input": REF}, "unsupported_reference", "input", "HEADCHEF_BODIES"),
        ({"output": {"schema": {"type": "objekt"}}}, "invalid", "output.schema.type", "objekt"),
        ({"output": {"schema": {"$ref": "http://127.0.0.1:9/x"}}}, "invalid", "output.schema", "nothing is fetched"),
        ({"prompt": "{{ input.b }}", "input": {"a": 1}}, "template", "prompt", "line 1: `b` is not given; there is a"),
        ({"system": "\n{{ x", "input": {}}, "template", "system", "line 2"),
        ({"prompt": "x" * 60_000}, "too_large", "prompt", "50000"),
        ({"prompt": "{% for i in range(9999) %}xxxxxxxxxx{% endfor %}", "input": {}}, "template", "prompt", "too much"),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_field(
    door: Door, fields: dict[str, Any], reason: str, field: str, message: str
) -> None:
    refused = refusal(await door.submit(make_job() | {"tenant": "acme"} | fields))
    assert (refused.reason, refused.field, refused.job_id) == (reason, field, "job-1")
    assert message in refused.message
    assert refused.tenant == fields.get("tenant", "acme")


@pytest.mark.parametrize(
    ("fields", "run", "batch_id"),
    [
        ({"run": 3, "batch_id": "spring"}, 3, "spring"),
        ({}, 0, None),
        ({"run": -1, "batch_id": 7}, None, None),
        ({"run": True, "batch_id": "x" * 201}, None, None),
        ({"run": 2**31}, None, None),
    ],
)
async def test_a_refusal_tells_run_and_batch_if_they_can_be_read(
    door: Door, fields: dict[str, Any], run: int | None, batch_id: str | None
) -> None:
    refused = refusal(await door.submit(make_job(model="none", **fields), partition=HOME))
    assert (refused.job_id, refused.run, refused.batch_id) == ("job-1", run, batch_id)


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"ce_type": b"headchef.job.finished"}, "invalid", "ce_type"),
        ({"ce_type": b"com.example.Order"}, "invalid", "ce_type"),
        ({"ce_dataschema": b"urn:headchef:schema:headchef.job.submitted:2"}, "unknown_version", "ce_dataschema"),
        ({"ce_dataschema": b"https://example.com/s.json"}, "invalid", "ce_dataschema"),
        ({"ce_specversion": b"0.3"}, "invalid", "ce_specversion"),
        ({"ce_id": b"\xff"}, "invalid", "ce_id"),
        ({"ce_time": b"yesterday"}, "invalid", "ce_time"),
    ],
)
async def test_wrong_headers_are_refused_by_name(
    door: Door, changed: dict[str, bytes], reason: str, field: str
) -> None:
    headers: Headers = tuple((CLOUD_EVENT | changed).items())
    refused = refusal(await door.submit(make_job(), headers=headers))
    assert (refused.reason, refused.field, refused.job_id) == (reason, field, "job-1")


@pytest.mark.parametrize("missing", ["ce_specversion", "ce_id", "ce_source", "ce_type"])
async def test_half_of_the_headers_are_refused(door: Door, missing: str) -> None:
    headers: Headers = tuple((name, value) for name, value in CLOUD_EVENT.items() if name != missing)
    refused = refusal(await door.submit(make_job(), headers=headers))
    assert (refused.reason, refused.field) == ("invalid", missing)


async def test_an_envelope_is_refused_by_its_own_names(door: Door) -> None:
    headers: Headers = (("content-type", b"application/cloudevents+json"),)
    for envelope, field in (
        ({"id": "1"}, "specversion"),
        ({"specversion": "1.0", "id": "1", "source": "/", "type": "x", "data": make_job()}, "type"),
        ({"specversion": "1.0", "id": "1", "source": "/", "type": "headchef.job.submitted"}, "data"),
    ):
        refused = refusal(await door.submit(orjson.dumps(envelope), headers=headers, partition=HOME))
        assert (refused.reason, refused.field) == ("invalid", field)


async def test_size_counts_key_and_headers_too() -> None:
    door = Door(limits=Limits(max_job_bytes=1_000, max_header_bytes=100))
    many: Headers = (("x", b"y" * 100),)
    for refused in (
        refusal(await door.submit(make_job(), key=b"k" * 1_000)),
        refusal(await door.submit(make_job(), headers=many)),
    ):
        assert refused.reason == "too_large"


async def test_a_refused_job_may_come_again_mended(door: Door) -> None:
    refusal(await door.submit(make_job(model="none")))
    assert (await door.submit(make_job(model="small"))).changes


async def test_refusals_are_counted_by_reason(door: Door) -> None:
    await door.submit(b"hello")
    await door.submit(make_job(model="none"))
    await door.submit(make_job(**{"class": "bulk"}))
    assert door.metrics.total("headchef.jobs.refused", reason="not_json") == 1
    assert door.metrics.total("headchef.jobs.refused", reason="unknown_model") == 1
    assert door.metrics.counts["headchef.jobs.accepted", (("class", "bulk"),)] == 1
