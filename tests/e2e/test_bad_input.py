"""Whatever comes in at the door: refused with reason and field, kept byte for byte, and the next job goes through."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import Message

from headchef_contracts.placement import home_partition
from headchef_contracts.topics import physical

from tests.support.pipeline import Header, Pipeline
from tests.support.raw_records import publish_named

PARTITIONS = 4
EVENT = {
    "ce_specversion": b"1.0",
    "ce_id": b"1",
    "ce_source": b"/shop",
    "ce_type": b"headchef.job.submitted",
}


@dataclass(frozen=True)
class Bad:
    """A record that is refused.

    Attributes:
        says: what the refusal's message must hold.
        raw: its value; the fields of a job where it is a dictionary, which is given an id.
    """

    name: str
    reason: str
    field: str | None
    says: str
    raw: bytes | dict[str, Any]
    headers: tuple[Header, ...] = ()


SCHEMA = {"type": "object", "properties": {"a": {"type": "objekt"}}}
REF = {"ref": {"sha256": "0" * 64, "bytes": 1, "media_type": "text/plain"}}
NINES, DEEP = b"9" * 5_000, b'{"a":' * 80 + b"1" + b"}" * 80
NEWER = b"urn:headchef:schema:headchef.job.submitted:2"
LOOPS = "{% for a in input.n %}{% for b in input.n %}{% for c in input.n %}x{% endfor %}{% endfor %}{% endfor %}"
STRUCTURED = b"application/cloudevents+json"

# fmt: off
BAD = [
    Bad("text", "not_json", None, "not JSON", b"describe a chair"),
    Bad("cut off", "not_json", None, "not JSON", b'{"job_id": "x", "prom'),
    Bad("empty", "not_json", None, "not JSON", b""),
    Bad("not UTF-8", "not_json", None, "not JSON", b'{"job_id": "x", "prompt": "\xff"}'),
    Bad("UTF-16", "not_json", None, "not JSON", '{"job_id": "x"}'.encode("utf-16")),
    Bad("NaN", "not_json", None, "not JSON", b'{"job_id": "x", "prompt": "p", "parameters": {"temperature": NaN}}'),
    Bad("huge number", "not_json", None, "out of range", b'{"job_id": "x", "prompt": "p", "run": ' + NINES + b"}"),
    Bad("array", "not_an_object", None, "an array", b'[{"job_id": "x"}]'),
    Bad("null", "not_an_object", None, "null", b"null"),
    Bad("string", "not_an_object", None, "a string", b'"x"'),
    Bad("magic byte", "schema_registry_framing", None, "plain JSON", b'\0\0\0\0\x01{"job_id": "x", "prompt": "p"}'),
    Bad("deep", "invalid", None, "nested", b'{"job_id": "x", "prompt": "p", "input": ' + DEEP + b"}"),
    Bad("no id", "invalid", "job_id", "required", b'{"prompt": "p"}'),
    Bad("number as id", "invalid", "job_id", "string", b'{"job_id": 7, "prompt": "p"}'),
    Bad("no prompt", "invalid", "prompt", "required", {"prompt": ...}),
    Bad("number as prompt", "invalid", "prompt", "string", {"prompt": 7}),
    Bad("typo", "invalid", "promt", "prompt", {"promt": "p"}),
    Bad("out of range", "invalid", "parameters.temperature", "2", {"parameters": {"temperature": 9}}),
    Bad("run in words", "invalid", "run", "number", {"run": "first"}),
    Bad("output schema", "invalid", "output.schema.properties.a.type", "JSON Schema", {"output": {"schema": SCHEMA}}),
    Bad("reference", "unsupported_reference", "prompt", "HEADCHEF_BODIES", {"prompt": REF}),
    Bad("unknown model", "unknown_model", "model", "simulated", {"model": "simulate"}),
    Bad("variable", "template", "prompt", "nam", {"prompt": "{{ input.nam }}", "input": {"name": "x"}}),
    Bad("syntax", "template", "system", "line 2", {"system": "Be\n{% if %}", "input": {}}),
    Bad("bomb", "template", "prompt", "too much", {"prompt": LOOPS, "input": {"n": [0] * 300}}),
    Bad("half a character", "template", "prompt", "no text", {"prompt": '{{ "\\ud800" }}', "input": {}}),
    Bad("its name", "template", "prompt", "ud800", {"prompt": '{{ input["\\ud800"] }}', "input": {}}),
    Bad("too large", "too_large", None, "100000", {"prompt": "x" * 150_000}),
    Bad("headers too large", "too_large", None, "headers", {}, (("x-note", b"x" * 20_000),)),
    Bad("newer version", "unknown_version", "ce_dataschema", "1", {}, (*EVENT.items(), ("ce_dataschema", NEWER))),
    Bad("half an event", "invalid", "ce_source", "missing", {}, (("ce_specversion", b"1.0"), ("ce_id", b"1"))),
    Bad("other type", "invalid", "ce_type", "job.submitted", {}, (*EVENT.items(), ("ce_type", b"shop.order"))),
    Bad("header not UTF-8", "invalid", "ce_id", "UTF-8", {}, (*EVENT.items(), ("ce_id", b"\xff\xfe"))),
    Bad("no envelope", "invalid", "specversion", "required", b'{"job_id": "x"}', (("content-type", STRUCTURED),)),
]
# fmt: on


def at_home(job_id: str) -> int:
    return home_partition(job_id, None, PARTITIONS)


def make(job_id: str, **fields: Any) -> dict[str, Any]:
    return {"job_id": job_id, "prompt": f"Describe the chair {job_id}.", **fields}


def bytes_of(bad: Bad, job_id: str) -> bytes:
    if isinstance(bad.raw, bytes):
        return bad.raw
    return json.dumps({name: value for name, value in make(job_id, **bad.raw).items() if value is not ...}).encode()


def check_goes_on(pipeline: Pipeline, after: Message, job_id: str) -> None:
    """See that a good job behind a record, in the same partition, gets its result."""
    good = next(name for name in (f"{job_id}-good-{n}" for n in range(1000)) if at_home(name) == after.partition())
    pipeline.publish(make(good), key=good, partition=after.partition())
    assert pipeline.result(good)["status"] == "ok"


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_input_is_refused_and_kept(pipeline: Pipeline, job_id: str, bad: Bad) -> None:
    raw, key = bytes_of(bad, job_id), b"\xff any bytes"
    published = pipeline.publish(raw, key=key, headers=bad.headers, partition=at_home(job_id))
    refusal, letter = pipeline.refusal(published), pipeline.letter(published)

    assert (refusal["reason"], refusal["field"]) == (bad.reason, bad.field), refusal["message"]
    assert bad.says in refusal["message"]
    assert refusal["job_id"] == (job_id if isinstance(bad.raw, dict) and bad.reason != "too_large" else None)
    assert refusal["dead_letter_topic"] == "jobs.submitted.dlq"

    assert (letter.value, letter.key, letter.partition) == (raw, key, published.partition())
    assert tuple(letter.header_list[: len(bad.headers)]) == bad.headers
    assert letter.headers["headchef-reason"] == bad.reason
    assert letter.headers["headchef-field"] == (bad.field or "")
    assert letter.headers["kafka_exception-message"] == refusal["message"]
    assert letter.headers["kafka_original-topic"] == physical(pipeline.namespace, "jobs.submitted")
    check_goes_on(pipeline, published, job_id)


def test_another_payload_under_a_used_id(pipeline: Pipeline, job_id: str) -> None:
    pipeline.publish(make(job_id), key=job_id, partition=at_home(job_id))
    other = pipeline.publish(make(job_id, prompt="Something else."), key=job_id, partition=at_home(job_id))
    refusal, letter = pipeline.refusal(other), pipeline.letter(other)
    assert (refusal["reason"], refusal["field"], refusal["job_id"]) == ("job_id_conflict", "job_id", job_id)
    assert json.loads(letter.value or b"")["prompt"] == "Something else."
    pipeline.settled()
    assert [result["status"] for result in pipeline.results(job_id)] == ["ok"], "the first one stands"


def test_a_refused_id_may_be_used_again(pipeline: Pipeline, job_id: str) -> None:
    pipeline.refusal(pipeline.publish(make(job_id, promt="x"), key=job_id, partition=at_home(job_id)))
    pipeline.publish(make(job_id), key=job_id, partition=at_home(job_id))
    assert pipeline.result(job_id)["status"] == "ok"


def test_a_misplaced_bad_job_is_refused_at_its_home(pipeline: Pipeline, job_id: str) -> None:
    elsewhere = (at_home(job_id) + 1) % PARTITIONS
    raw = json.dumps(make(job_id, promt="x")).encode()
    published = pipeline.publish(raw, key=b"k", partition=elsewhere)
    pipeline.settled()
    refusals = [it.event for it in pipeline.of("jobs.refused") if it.event["job_id"] == job_id]
    letters = [it for it in pipeline.of("jobs.submitted.dlq") if it.value == raw]
    assert [(it["field"], it["source"]["partition"]) for it in refusals] == [("promt", at_home(job_id))]
    assert [(it.key, it.partition) for it in letters] == [(b"k", at_home(job_id))]
    assert letters[0].headers["headchef-forwarded-from"] == f"{elsewhere}/{published.offset()}"


def test_a_tombstone_is_passed_over(pipeline: Pipeline, job_id: str) -> None:
    pipeline.settled()
    before = len(pipeline.of("jobs.refused")), len(pipeline.of("jobs.submitted.dlq"))
    published = pipeline.publish(None, key=job_id, partition=at_home(job_id))
    check_goes_on(pipeline, published, job_id)
    pipeline.settled()
    assert (len(pipeline.of("jobs.refused")), len(pipeline.of("jobs.submitted.dlq"))) == before


HOSTILE: list[tuple[str, bytes | None]] = [
    ("x-nothing", None),
    ("x-noise", b"\xff\xfe\x00"),
    ("content-type", None),
    ("traceparent", b"\xff" * 55),
    ("tracestate", None),
    ("headchef-event-id", None),
    ("headchef-event-id", b"\xff" * 300),
    ("headchef-forwarded-to", b"-1"),
    ("headchef-forwarded-from", b"\xff"),
    ("headchef-reason", b"nothing is wrong"),
    ("retry_topic-attempts", b"\xff\xff\xff\xff"),
    ("kafka_original-topic", b"elsewhere"),
]


@pytest.mark.parametrize("steps_away", [0, 1], ids=["at home", "elsewhere"])
def test_hostile_headers_do_no_harm(pipeline: Pipeline, job_id: str, steps_away: int) -> None:
    partition = (at_home(job_id) + steps_away) % PARTITIONS
    for each in (*HOSTILE, ("headchef-forwarded-to", str(partition).encode())):
        pipeline.publish(make(job_id), key=job_id, headers=[each], partition=partition)
    pipeline.publish(make(job_id), key=job_id, headers=HOSTILE, partition=partition)
    assert pipeline.result(job_id)["status"] == "ok"
    bad = pipeline.publish(b"{", headers=HOSTILE, partition=partition)
    letter = pipeline.letter(bad)
    assert letter.headers["headchef-reason"] == "not_json", "the newest header of a name is ours"
    assert tuple(letter.header_list[: len(HOSTILE)]) == tuple(HOSTILE)
    check_goes_on(pipeline, bad, job_id)


def test_a_header_named_by_no_text(pipeline: Pipeline, job_id: str) -> None:
    topic, home = physical(pipeline.namespace, "jobs.submitted"), at_home(job_id)
    publish_named(pipeline.bootstrap, topic, home, json.dumps(make(job_id)).encode(), b"\xff\xfename\xfc_")
    assert pipeline.result(job_id)["status"] == "ok"
    bad = b"not a job " + job_id.encode()
    publish_named(pipeline.bootstrap, topic, home, bad, b"\xff\xfename\xfc_")
    letter = pipeline.mention("jobs.submitted.dlq", bad)
    assert letter.value == bad
    assert letter.header_list[0] == ("\ufffd\ufffdname\ufffd_", b"v")


def test_two_jobs_with_one_forged_event_id_give_two_events(pipeline: Pipeline, job_id: str) -> None:
    ids = [f"{job_id}-{number}" for number in range(2)]
    for each in ids:
        pipeline.publish(make(each), key=each, headers=[("headchef-event-id", b"forged")], partition=at_home(each))
    for each in ids:
        pipeline.result(each)
    events = [it.headers["ce_id"] for it in pipeline.of("jobs.finished") if it.event["job"]["job_id"] in ids]
    assert len(set(events)) == 2, "readers drop a second event of the same id"
