"""Properties that hold for any input: the door never breaks, and equal requests share a fingerprint."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headchef_contracts.events.steps import StepPlanned
from headchef_contracts.registry import encode

from headchef.canonical import canonical
from headchef.router.hashes import fingerprint, payload_hash
from headchef.runtime.log.port import Headers
from headchef.runtime.processor import DeadLetter, Emit
from tests.router.conftest import Door
from tests.support.builders import make_job

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
# fmt: off
NAMES = st.sampled_from([
    "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_dataschema", "ce_", "content-type",
    "Content-Type", "traceparent", "headchef-forwarded-to", "headchef-event-id", "", "\x00",
])
HEADER_VALUES = st.binary(max_size=40) | st.sampled_from([
    b"1.0", b"headchef.job.submitted", b"urn:headchef:schema:headchef.job.submitted:1", b"0", b"3",
    b"application/cloudevents+json", b"2026-11-22T12:00:00Z", b"-1", b"9" * 400, b"x" * 5_000,
])
HEADERS = st.lists(st.tuples(NAMES, HEADER_VALUES), max_size=8).map(tuple)
FIELDS = st.sampled_from([
    "job_id", "prompt", "input", "system", "output", "model", "tier", "parameters", "cache", "run", "revision",
    "tenant", "class", "labels", "deadline", "conversation_id", "specversion", "id", "source", "type", "data",
    "prompt.x",
])
# fmt: on
OBJECTS = st.dictionaries(FIELDS, JSON, max_size=6)
SENSIBLE = OBJECTS.map(lambda fields: make_job() | fields)


@settings(max_examples=400)
@given(
    st.binary(max_size=200) | (OBJECTS | SENSIBLE | JSON).map(lambda value: json.dumps(value).encode()),
    HEADERS,
    st.none() | st.binary(max_size=20),
    st.integers(0, 3),
)
async def test_no_record_breaks_the_door(value: bytes, headers: Headers, key: bytes | None, partition: int) -> None:
    outcome = await Door().submit(value, headers=headers, key=key, partition=partition)
    for output in outcome.outputs:
        if isinstance(output, Emit):
            encode(output.event)
        if isinstance(output, DeadLetter):
            assert output.message.encode()
    assert outcome.outputs


@settings(max_examples=100)
@given(st.dictionaries(st.text(), JSON, min_size=2, max_size=5), st.randoms())
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: dict[str, Any], random: Any) -> None:
    names = list(value)
    random.shuffle(names)
    turned = {name: value[name] for name in names}
    assert canonical(turned) == canonical(value)
    assert payload_hash(turned) == payload_hash(value)


def request(**changed: Any) -> str:
    known: dict[str, Any] = {"tenant": "a", "model": "m", "prompt_sha256": "0" * 64, "parameters": {}}
    return fingerprint(**(known | {"output_schema": None} | changed))


def test_a_fingerprint_tells_apart_what_changes_the_answer() -> None:
    prints = [
        request(),
        request(tenant="b"),
        request(model="n"),
        request(prompt_sha256="1" * 64),
        request(parameters={"temperature": 0.0}),
        request(parameters={"temperature": 1.0}),
        request(output_schema={}),
        request(output_schema={"type": "object"}),
    ]
    assert len(set(prints)) == len(prints)


async def test_equal_requests_of_different_jobs_meet() -> None:
    async def planned(job: dict[str, Any]) -> str:
        [emitted] = (await Door().submit(job)).outputs
        assert isinstance(emitted, Emit)
        assert isinstance(emitted.event, StepPlanned)
        return emitted.event.step.fingerprint

    same = {
        await planned(make_job("job-1", "hi", labels={"a": "b"}, output={"schema": {"type": "object", "title": "x"}})),
        await planned(make_job("job-2", "hi", subject="s", output={"schema": {"title": "x", "type": "object"}})),
        await planned(
            make_job("job-3", "{{ input.a }}", input={"a": "hi"}, output={"schema": {"title": "x", "type": "object"}})
        ),
    }
    other = {
        await planned(make_job("job-1", "hi")),
        await planned(make_job("job-1", "hi", tenant="acme")),
        await planned(make_job("job-1", "hi", parameters={"temperature": 0})),
        await planned(make_job("job-1", "hi", system="")),
        await planned(make_job("job-1", "hi", model="large")),
    }
    assert len(same) == 1
    assert len(other | same) == 6
