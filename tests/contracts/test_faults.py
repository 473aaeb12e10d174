"""Bad input: each fault names the field in its writer's own words and says what would be right."""

import json
from typing import Any

import pytest

from headchef_contracts import registry
from headchef_contracts.portability import MAX_DEPTH, is_deeper

JOB: dict[str, Any] = {"job_id": "a", "prompt": "hi"}
REF = {"sha256": "0" * 64, "bytes": 5, "media_type": "text/plain"}


def broken(data: bytes) -> registry.BrokenContract:
    with pytest.raises(registry.BrokenContract) as caught:
        registry.decode("headchef.job.submitted", 1, data)
    return caught.value


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"job_class": "bulk"}, "job_class", "unknown field; did you mean `class`?"),
        ({"zzz": 1}, "zzz", "unknown field; known are job_id, prompt, input"),
        ({"class": "slow"}, "class", "must be 'interactive' or 'bulk'; got 'slow'"),
        ({"prompt": 5}, "prompt", 'must be a string, or a body as {"inline": "…"} or {"ref": {…}}; got the number 5'),
        ({"prompt": {"inline": 5}}, "prompt", "must be a string"),
        ({"prompt": {"inline": "x", "more": 1}}, "prompt", "must be a string"),
        ({"prompt": {"ref": {**REF, "sha256": "x"}}}, "prompt.ref.sha256", "must match pattern"),
        ({"prompt": {"ref": {**REF, "bytes": "5"}}}, "prompt.ref.bytes", "must be a whole number; got a string"),
        ({"prompt": {"ref": {"sha256": "0" * 64}}}, "prompt.ref.bytes", "this field is required"),
        ({"input": [1]}, "input", "must be an object"),
        ({"input": {"ref": 5}}, "input.ref", "must be an object; got the number 5"),
        ({"labels": {"Inline": 5}}, "labels.Inline", "must be a string; got the number 5"),
        ({"run": "1"}, "run", "must be a whole number; got a string"),
        ({"run": True}, "run", "must be a whole number; got true"),
        ({"run": 1.5}, "run", "must be a whole number; got the number 1.5"),
        ({"run": -1}, "run", "must be greater than or equal to 0"),
        ({"parameters": {"temp": 1}}, "parameters.temp", "known are temperature, top_p"),
        ({"parameters": {"temperatur": 1}}, "parameters.temperatur", "did you mean `temperature`?"),
        ({"parameters": {"temperature": 3}}, "parameters.temperature", "must be less than or equal to 2"),
        ({"parameters": {"stop": ["a", 5]}}, "parameters.stop.1", "must be a string"),
        ({"parameters": {"stop": ["a"] * 5}}, "parameters.stop", "must have at most 4 items; got 5"),
        ({"output": {"scheme": {}}}, "output.scheme", "did you mean `schema`?"),
        ({"output": None}, "output", "must be an object; got null"),
        ({"deadline": "2026-01-01T00:00:00"}, "deadline", "must carry a time zone, such as"),
        ({"deadline": "soon"}, "deadline", "must be a date and time with its zone, such as"),
        ({"deadline": 5}, "deadline", "must be a date and time with its zone, such as"),
        ({"job_id": ""}, "job_id", "at least 1 character"),
        ({"job_id": "a\nb"}, "job_id", "must match pattern"),
        ({"job_id": None}, "job_id", "must be a string; got null"),
        ({"tier": ""}, "tier", "at least 1 character"),
        ({"teir": "small"}, "teir", "did you mean `tier`?"),
        ({"model": "a", "tier": "small"}, "tier", "stands in place of `model`: leave one of them out"),
    ],
)
def test_a_field_at_fault_is_named_with_what_is_right(change: dict[str, Any], field: str | None, words: str) -> None:
    fault = broken(json.dumps(JOB | change).encode())
    assert fault.field == field
    assert words in fault.message
    assert fault.reason == "invalid"


def test_a_misspelled_field_is_named_rather_than_the_missing_one() -> None:
    fault = broken(b'{"job_id": "a", "promt": "hi"}')
    assert (fault.field, fault.message) == ("promt", "unknown field; did you mean `prompt`?")


def test_a_missing_field_is_named() -> None:
    fault = broken(b'{"job_id": "a"}')
    assert (fault.field, fault.message) == ("prompt", "this field is required, unless `workflow` is given")


def test_what_a_workflow_says_itself_is_named() -> None:
    fault = broken(b'{"job_id": "a", "workflow": "page@1", "model": "small", "input": {}}')
    assert (fault.field, fault.message) == ("model", "a workflow says this itself: leave it out, or `workflow`")


def test_the_prompt_itself_is_not_shown() -> None:
    fault = broken(json.dumps(JOB | {"input": "confidential"}).encode())
    assert "confidential" not in str(fault)


def test_a_huge_field_name_is_cut() -> None:
    assert len(str(broken(json.dumps(JOB | {"x" * 100_000: 1}).encode()))) < 1_000


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"hello", "not_json"),
        (b'{"job_id":"a","prompt":"\\ud800"}', "not_json"),
        (b'{"job_id":"a","prompt":"x","input":{"a":NaN}}', "not_json"),
        (b'{"job_id":"a","prompt":"x","input":{"a":-Infinity}}', "not_json"),
        (b'{"job_id":"a","prompt":"x","input":' + b'{"a":' * 300 + b"1" + b"}" * 301, "not_json"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"5", "not_an_object"),
        (b"\x00\x00\x00\x00\x01{}", "schema_registry_framing"),
    ],
)
def test_what_is_no_json_object_has_no_field(data: bytes, reason: str) -> None:
    fault = broken(data)
    assert (fault.field, fault.reason) == (None, reason)


def test_words_that_only_look_like_constants_are_taken() -> None:
    registry.decode("headchef.job.submitted", 1, b'{"job_id":"NaN","prompt":"Infinity"}')


def test_nesting_that_a_later_hop_could_not_carry_is_refused() -> None:
    nested: Any = 1
    for _ in range(MAX_DEPTH + 1):
        nested = {"a": nested}
    assert is_deeper(nested)
    assert not is_deeper(nested["a"])
    assert broken(json.dumps(JOB | {"input": nested}).encode()).field == "input"


def test_wide_values_are_taken() -> None:
    wide = {str(number): [number] for number in range(5_000)}
    registry.decode("headchef.job.submitted", 1, json.dumps(JOB | {"input": wide}).encode())
