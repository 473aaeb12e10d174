"""What OpenAI-compatible endpoints answer, good and bad, becomes an answer or a fault with a name."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.common import Usage

from headchef.catalogue.form import DialectName
from headchef.executor.dialects import DIALECTS
from headchef.executor.dialects.openai import OpenAI
from headchef.executor.provider import Answered, Faulted, Reply
from headchef.executor.reading import ResponseReader
from tests.executor.fakes import ACCOUNT

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY = "my-own-secret-0123456789"
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def read(status: int, body: object, headers: dict[str, str] | None = None) -> Reply:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return ResponseReader(OpenAI(ACCOUNT), KEY).read(status, headers or {}, raw, NOW)


def chat(content: object = "Hi.", finish_reason: str | None = "stop", **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"content": content, **message}}
    return {"id": "chatcmpl-1", "model": "m-2026", "choices": [choice], "usage": USAGE}


def error(message: str, code: object = None, kind: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, "type": kind}}


def test_an_answer_is_read() -> None:
    assert read(200, chat(), {"x-request-id": "r-1"}) == Answered(
        "Hi.", "stop", "m-2026", Usage(input_tokens=10, output_tokens=5), "r-1", 200
    )


def test_the_bodys_id_serves_where_no_header_names_the_request() -> None:
    assert read(200, chat()).request_id == "chatcmpl-1"


@pytest.mark.parametrize(
    ("usage", "cached", "written", "reasoning"),
    [
        (USAGE, 0, 0, 0),
        (USAGE | {"prompt_tokens_details": {"cached_tokens": 4}}, 4, 0, 0),
        (USAGE | {"prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 5}}, 4, 5, 0),
        (USAGE | {"completion_tokens_details": {"reasoning_tokens": 3}}, 0, 0, 3),
        (USAGE | {"prompt_tokens_details": None}, 0, 0, 0),
        (USAGE | {"prompt_tokens_details": {"cached_tokens": 99, "cache_write_tokens": 99}}, 10, 0, 0),
        (USAGE | {"prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 99}}, 4, 6, 0),
    ],
)
def test_usage_is_read_with_its_parts(usage: dict[str, Any], cached: int, written: int, reasoning: int) -> None:
    expected = Usage(
        input_tokens=10,
        output_tokens=5,
        cached_input_tokens=cached,
        cache_write_input_tokens=written,
        reasoning_tokens=reasoning,
    )
    assert read(200, chat() | {"usage": usage}).usage == expected


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        {"prompt_tokens": 10},
        {"prompt_tokens": -1, "completion_tokens": 5},
        {"prompt_tokens": True, "completion_tokens": 5},
        {"prompt_tokens": "10", "completion_tokens": 5},
        {"prompt_tokens": 10**12, "completion_tokens": 5},
    ],
)
def test_usage_is_never_invented(usage: object) -> None:
    assert read(200, chat() | {"usage": usage}).usage is None


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "thinking"}, {"type": "text", "text": "b"}]
    reply = read(200, chat(parts))
    assert isinstance(reply, Answered)
    assert reply.text == "ab"


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (chat("half an ans", "length"), "length"),
        (chat("", "length"), "length"),
        (chat(None, refusal="no"), "refusal"),
        (chat(None, "content_filter"), "refusal"),
        (chat("partly", "content_filter"), "refusal"),
    ],
)
def test_length_and_refusal_are_final_and_paid_for(body: dict[str, Any], outcome: str) -> None:
    reply = read(200, body)
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final) == (outcome, outcome)
    assert reply.usage == Usage(input_tokens=10, output_tokens=5)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty body"),
        (b"  \n", "empty body"),
        (b"<html><body>502 Bad Gateway</body></html>", "not a JSON object"),
        (b'{"choices": [{"mess', "not a JSON object"),
        (b"[]", "not a JSON object"),
        ({}, "without choices"),
        ({"choices": []}, "without choices"),
        ({"choices": "none"}, "without choices"),
        ({"choices": [{"message": None}]}, "without choices"),
        (chat(None), "without text"),
        (chat(""), "without text"),
        (error("upstream is away", 502), "an error inside: upstream is away"),
        ({"error": "upstream is away"}, "an error inside: upstream is away"),
    ],
)
def test_a_200_that_is_no_answer_is_malformed_and_may_be_tried_again(body: object, says: str) -> None:
    reply = read(200, body)
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final, reply.status_code) == ("malformed_response", None, 200)
    assert says in reply.message


@pytest.mark.parametrize(
    ("status", "body", "outcome", "final"),
    [
        (400, error("bad parameter"), "bad_request", "provider_refused_request"),
        (400, error("too long", "context_length_exceeded"), "bad_request", "too_large"),
        (400, error("This model's maximum context length is 8192 tokens"), "bad_request", "too_large"),
        (400, error("filtered", "content_filter"), "refusal", "refusal"),
        (401, error("Incorrect API key"), "credentials", "credentials"),
        (402, error("no credit"), "credentials", "credentials"),
        (403, b"", "credentials", "credentials"),
        (404, error("The model `x` does not exist", "model_not_found"), "bad_request", "unknown_model"),
        (404, {"error": "model 'x' not found, try pulling it first"}, "bad_request", "unknown_model"),
        (404, b"<html>not found</html>", "bad_request", "provider_refused_request"),
        (408, b"", "timeout", None),
        (409, b"", "server_error", None),
        (413, b"", "bad_request", "too_large"),
        (422, {"detail": [{"loc": ["body"], "msg": "extra"}]}, "bad_request", "provider_refused_request"),
        (429, error("slow down", "rate_limit_exceeded"), "rate_limited", None),
        (429, error("You exceeded your current quota", "insufficient_quota"), "credentials", "credentials"),
        (429, b"<html>", "rate_limited", None),
        (500, b"", "server_error", None),
        (502, b"<html>", "server_error", None),
        (503, error("overloaded"), "server_error", None),
        (529, error("overloaded"), "server_error", None),
        (307, b"", "bad_request", "provider_refused_request"),
    ],
)
def test_each_status_has_an_outcome(status: int, body: object, outcome: str, final: str | None) -> None:
    reply = read(status, body)
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final, reply.status_code) == (outcome, final, status)
    assert str(status) in reply.message
    assert reply.usage is None


FLAGGED = {"message": "your input was flagged", "code": 403, "metadata": {"flagged_input": "…", "reasons": ["x"]}}


@pytest.mark.parametrize(
    ("status", "body", "halts"),
    [
        (401, error("Incorrect API key"), "credentials"),
        (403, b"", "credentials"),
        (402, error("no credit"), "billing"),
        (429, error("You exceeded your current quota", "insufficient_quota"), "billing"),
        (404, error("The model `x` does not exist", "model_not_found"), "unknown_model"),
        (403, error("no access to model `x`", "model_not_found"), "unknown_model"),
        (403, {"error": FLAGGED}, None),
        (400, error("bad parameter"), None),
        (404, b"<html>not found</html>", None),
        (413, b"", None),
        (429, error("slow down", "rate_limit_exceeded"), None),
        (503, error("overloaded"), None),
    ],
)
def test_what_no_other_call_would_fare_better_with_halts(status: int, body: object, halts: str | None) -> None:
    reply = read(status, body)
    assert isinstance(reply, Faulted)
    assert reply.halts == halts


def test_a_429_says_how_long_to_wait() -> None:
    reply = read(429, error("slow down"), {"retry-after": "7"})
    assert isinstance(reply, Faulted)
    assert reply.retry_after_s == 7


@pytest.mark.parametrize(
    "said",
    [
        f"wrong key {KEY} given",
        "wrong key sk-proj-abc*****def",
        "got Bearer abcdef123456",
        "API key not valid: AIzaSyabcdef123456",
    ],
)
def test_credentials_that_a_provider_repeats_are_cut_out(said: str) -> None:
    for reply in (read(401, error(said)), read(200, error(said))):
        assert isinstance(reply, Faulted)
        assert "[key]" in reply.message
        assert not any(secret in reply.message for secret in (KEY, "abc*", "abcdef123456"))


def test_what_signs_an_address_is_cut_out() -> None:
    said = 'Error while downloading "https://b.s3.amazonaws.com/a.png?X-Amz-Signature=0f0f&b=c", see https://a.example/help.'
    reply = read(400, error(said))
    assert isinstance(reply, Faulted)
    assert 'downloading "https://b.s3.amazonaws.com/a.png?[…]", see https://a.example/help.' in reply.message
    assert "0f0f" not in reply.message


def test_long_words_of_a_provider_are_cut_short() -> None:
    reply = read(400, error("x\n" * 5000))
    assert isinstance(reply, Faulted)
    assert len(reply.message) <= 500
    assert "\n" not in reply.message


FIELDS = (
    *("error", "choices", "message", "content", "usage", "prompt_tokens", "code", "text", "detail", "finish_reason"),
    *("input_tokens", "output_tokens", "stop_reason", "candidates", "parts", "finishReason", "promptFeedback", "type"),
    *("blockReason", "usageMetadata", "promptTokenCount", "details", "reason", "retryDelay", "status"),
)
"""What the dialects look at."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(status=st.integers(100, 599), body=json_values.map(orjson.dumps) | st.binary(max_size=50))
def test_no_answer_whatsoever_raises(dialect: DialectName, status: int, body: bytes) -> None:
    assert ResponseReader(DIALECTS[dialect](ACCOUNT), KEY).read(status, {}, body, NOW).status_code == status
