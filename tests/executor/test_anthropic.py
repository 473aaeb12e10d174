"""What is written in Anthropic's dialect, and what its answers and errors are read as."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from headchef_contracts.events.common import Parameters, Usage

from headchef.executor.dialects.anthropic import Anthropic
from headchef.executor.provider import Answered, Faulted, Reply
from headchef.executor.reading import ResponseReader
from tests.executor.fakes import ACCOUNT, make_model
from tests.executor.simulated import question
from tests.support.images import ADDRESS, at, inline

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
USAGE = {"input_tokens": 10, "output_tokens": 5}


def written(**fields: Any) -> dict[str, Any]:
    call = Anthropic(ACCOUNT).write(question(**fields))
    assert call.path == "/messages"
    body = orjson.loads(call.body)
    assert isinstance(body, dict)
    return body


def read(status: int, body: object, headers: dict[str, str] | None = None) -> Reply:
    return ResponseReader(Anthropic(ACCOUNT), None).read(status, headers or {}, orjson.dumps(body), NOW)


def message(content: object = ({"type": "text", "text": "Hi."},), reason: str = "end_turn", **more: Any) -> object:
    return {"id": "msg_1", "model": "m-2026", "content": content, "stop_reason": reason, "usage": USAGE, **more}


def error(kind: str, said: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": said}, "request_id": "req_1"}


def test_the_version_and_the_key_are_headers() -> None:
    assert Anthropic(ACCOUNT).headers("k") == {"anthropic-version": "2023-06-01", "x-api-key": "k"}
    assert Anthropic(ACCOUNT).headers(None) == {"anthropic-version": "2023-06-01"}


def test_what_the_system_says_stands_apart() -> None:
    turns = [("system", "You write."), ("system", "In German."), ("user", "a"), ("assistant", "b"), ("user", "c")]
    assert written(messages=turns) == {
        "model": "simulated",
        "max_tokens": 4096,
        "system": "You write.\n\nIn German.",
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ],
    }
    assert "system" not in written(messages=[("user", "a")])


def test_images_are_blocks_before_the_text() -> None:
    picture = inline()
    body = written(images=(at(), picture))
    assert body["system"] == "You write."
    assert body["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "image", "source": {"type": "url", "url": ADDRESS}},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": picture.base64}},
                {"type": "text", "text": "Name: Malibu"},
            ],
        }
    ]


def test_images_may_stand_alone() -> None:
    [user] = written(messages=[("user", " ")], images=(at(),))["messages"]
    assert user["content"] == [{"type": "image", "source": {"type": "url", "url": ADDRESS}}]


def test_parameters_are_written_where_given_and_known() -> None:
    body = written(parameters=Parameters(temperature=0, top_p=0.5, seed=3, stop=("END",), max_output_tokens=50))
    assert (body["temperature"], body["top_p"], body["stop_sequences"], body["max_tokens"]) == (0, 0.5, ["END"], 50)
    assert "seed" not in body


def test_a_schema_is_narrowed_and_left_out_where_it_cannot_be_asked_for() -> None:
    named = {"type": "object", "properties": {"title": {"type": "string", "maxLength": 60}}, "required": ["title"]}
    assert written(output_schema=named)["output_config"]["format"] == {
        "type": "json_schema",
        "schema": {
            "type": "object",
            "properties": {"title": {"type": "string", "description": "maxLength: 60"}},
            "required": ["title"],
            "additionalProperties": False,
        },
    }
    assert "output_config" not in written(output_schema={"type": "object"})
    model = make_model(max_output_tokens=9, structured_output="none")
    assert "output_config" not in written(output_schema=named, model=model)


def test_an_answer_is_read() -> None:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert read(200, message(content), {"request-id": "r-1"}) == Answered(
        "ab", "end_turn", "m-2026", Usage(input_tokens=10, output_tokens=5), "r-1", 200
    )
    assert read(200, message(reason="stop_sequence")).request_id == "msg_1"


def test_what_was_read_from_the_cache_and_written_to_it_is_input_too() -> None:
    usage = USAGE | {
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 3},
    }
    expected = Usage(
        input_tokens=130,
        output_tokens=5,
        cached_input_tokens=100,
        cache_write_input_tokens=20,
        reasoning_tokens=3,
    )
    assert read(200, message(usage=usage)).usage == expected


@pytest.mark.parametrize("usage", [None, [], {"input_tokens": 10}, {"input_tokens": "10", "output_tokens": 5}])
def test_usage_is_never_invented(usage: object) -> None:
    assert read(200, message(usage=usage)).usage is None


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("max_tokens", "length"), ("model_context_window_exceeded", "length"), ("refusal", "refusal")],
)
def test_length_and_refusal_are_final_and_paid_for(reason: str, outcome: str) -> None:
    reply = read(200, message(reason=reason))
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final, reply.usage) == (outcome, outcome, Usage(input_tokens=10, output_tokens=5))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"id": "msg_1"}, "without content"),
        (message([]), "without text (end_turn)"),
        (error("overloaded_error", "Overloaded"), "an error inside: Overloaded"),
    ],
)
def test_a_200_that_is_no_answer_is_malformed(body: object, says: str) -> None:
    reply = read(200, body)
    assert isinstance(reply, Faulted)
    assert reply.outcome == "malformed_response"
    assert says in reply.message


LOW = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade."


@pytest.mark.parametrize(
    ("status", "kind", "said", "outcome", "final"),
    [
        (400, "invalid_request_error", "max_tokens: Field required", "bad_request", "provider_refused_request"),
        (400, "invalid_request_error", LOW, "credentials", "credentials"),
        (400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", "bad_request", "too_large"),
        (401, "authentication_error", "invalid x-api-key", "credentials", "credentials"),
        (402, "billing_error", "no credit", "credentials", "credentials"),
        (403, "permission_error", "not yours", "credentials", "credentials"),
        (404, "not_found_error", "model: claude-0", "bad_request", "unknown_model"),
        (413, "request_too_large", "Request exceeds the maximum size", "bad_request", "too_large"),
        (429, "rate_limit_error", "slow down", "rate_limited", None),
        (500, "api_error", "Internal server error", "server_error", None),
        (529, "overloaded_error", "Overloaded", "server_error", None),
    ],
)
def test_each_error_has_an_outcome(status: int, kind: str, said: str, outcome: str, final: str | None) -> None:
    reply = read(status, error(kind, said), {"retry-after": "7"})
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final, reply.request_id) == (outcome, final, "req_1")
    assert said in reply.message
    assert reply.retry_after_s == (7 if final is None else None)
