"""What is written in Gemini's dialect, and what its answers and errors are read as."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from headchef_contracts.events.common import Parameters, Usage

from headchef.executor.dialects.gemini import Gemini
from headchef.executor.provider import Answered, Faulted, Reply
from headchef.executor.reading import ResponseReader
from tests.executor.fakes import ACCOUNT, make_model
from tests.executor.simulated import question
from tests.support.images import ADDRESS, at, inline

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SCHEMA = {"type": "object", "properties": {"title": {"type": "string", "maxLength": 60}}}
USAGE = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
TYPE = "type.googleapis.com/google.rpc."


def written(**fields: Any) -> dict[str, Any]:
    body = orjson.loads(Gemini(ACCOUNT).write(question(**fields)).body)
    assert isinstance(body, dict)
    return body


def read(status: int, body: object) -> Reply:
    return ResponseReader(Gemini(ACCOUNT), None).read(status, {}, orjson.dumps(body), NOW)


def response(text: str | None = "Hi.", reason: str = "STOP", **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"finishReason": reason, "index": 0}
    if text is not None:
        candidate["content"] = {"role": "model", "parts": [{"text": "hm", "thought": True}, {"text": text}]}
    about = {"usageMetadata": USAGE, "modelVersion": "m-2026", "responseId": "r-1"}
    return {"candidates": [candidate], **about, **more}


def error(code: int, status: str, said: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": said, "details": list(details)}}


def test_the_key_is_a_header() -> None:
    assert Gemini(ACCOUNT).headers("k") == {"x-goog-api-key": "k"}
    assert Gemini(ACCOUNT).headers(None) == {}


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-3-flash", "/models/gemini-3-flash:generateContent"),
        ("tunedModels/mine", "/tunedModels/mine:generateContent"),
        ("a b?key=c", "/models/a%20b%3Fkey%3Dc:generateContent"),
    ],
)
def test_the_model_stands_in_the_path(model: str, path: str) -> None:
    assert Gemini(ACCOUNT).write(question(model=make_model(provider_model=model))).path == path


def test_a_request_says_no_more_than_it_was_told() -> None:
    turns = [("system", "You write."), ("user", "a"), ("assistant", "b"), ("user", "c")]
    assert written(messages=turns, model=make_model()) == {
        "systemInstruction": {"parts": [{"text": "You write."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "a"}]},
            {"role": "model", "parts": [{"text": "b"}]},
            {"role": "user", "parts": [{"text": "c"}]},
        ],
    }
    assert "systemInstruction" not in written(messages=[("user", "a")])


def test_images_are_parts_before_the_text() -> None:
    picture = inline()
    body = written(images=(at(), picture))
    assert body["systemInstruction"] == {"parts": [{"text": "You write."}]}
    assert body["contents"] == [
        {
            "role": "user",
            "parts": [
                {"fileData": {"mimeType": "image/png", "fileUri": ADDRESS}},
                {"inlineData": {"mimeType": "image/png", "data": picture.base64}},
                {"text": "Name: Malibu"},
            ],
        }
    ]


def test_images_may_stand_alone() -> None:
    [content] = written(messages=[("user", " ")], images=(at(),))["contents"]
    assert content["parts"] == [{"fileData": {"mimeType": "image/png", "fileUri": ADDRESS}}]


def test_parameters_and_schema_are_written_where_given() -> None:
    parameters = Parameters(temperature=0, top_p=0.5, seed=3, stop=("END",), max_output_tokens=50)
    assert written(parameters=parameters, output_schema=SCHEMA)["generationConfig"] == {
        "temperature": 0,
        "topP": 0.5,
        "seed": 3,
        "stopSequences": ["END"],
        "maxOutputTokens": 50,
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    }


def test_other_ways_to_a_schema() -> None:
    json_object = written(output_schema=SCHEMA, model=make_model(structured_output="json_object"))
    assert json_object["generationConfig"] == {"responseMimeType": "application/json"}
    assert "generationConfig" not in written(output_schema=SCHEMA, model=make_model(structured_output="none"))


def test_an_answer_is_read_without_thoughts() -> None:
    assert read(200, response()) == Answered(
        "Hi.", "STOP", "m-2026", Usage(input_tokens=10, output_tokens=5), "r-1", 200
    )


def test_thoughts_are_output_and_the_cache_is_part_of_the_input() -> None:
    usage = USAGE | {"thoughtsTokenCount": 7, "cachedContentTokenCount": 4}
    expected = Usage(input_tokens=10, output_tokens=12, cached_input_tokens=4, reasoning_tokens=7)
    assert read(200, response(usageMetadata=usage)).usage == expected


@pytest.mark.parametrize("usage", [None, [], {}, {"candidatesTokenCount": 5}, USAGE | {"candidatesTokenCount": "5"}])
def test_usage_is_never_invented(usage: object) -> None:
    assert read(200, response(usageMetadata=usage)).usage is None


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (response("half an ans", "MAX_TOKENS"), "length"),
        (response(None, "MAX_TOKENS"), "length"),
        (response(None, "SAFETY"), "refusal"),
        (response("partly", "PROHIBITED_CONTENT"), "refusal"),
        ({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 10}}, "refusal"),
    ],
)
def test_length_and_refusal_are_final_and_paid_for(body: dict[str, Any], outcome: str) -> None:
    reply = read(200, body)
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final) == (outcome, outcome)
    assert reply.usage is not None
    assert reply.usage.input_tokens == 10


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "without candidates[0]"),
        ({"candidates": []}, "without candidates[0]"),
        (response(None, "OTHER"), "without text (OTHER)"),
        (error(503, "UNAVAILABLE", "away"), "an error inside: away"),
    ],
)
def test_a_200_that_is_no_answer_is_malformed(body: object, says: str) -> None:
    reply = read(200, body)
    assert isinstance(reply, Faulted)
    assert reply.outcome == "malformed_response"
    assert says in reply.message


BILLING = "You exceeded your current quota, please check your plan and billing details."
NO_BILLING = "Gemini API free tier is not available in your country. Please enable billing on your project."
TOO_LONG = "The input token count (9) exceeds the maximum number of tokens allowed (8)."
BAD_KEY = {"@type": f"{TYPE}ErrorInfo", "reason": "API_KEY_INVALID"}
QUOTA = {"@type": f"{TYPE}QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}]}


@pytest.mark.parametrize(
    ("body", "outcome", "final"),
    [
        (error(400, "INVALID_ARGUMENT", "Invalid value"), "bad_request", "provider_refused_request"),
        (error(400, "INVALID_ARGUMENT", "API key not valid.", BAD_KEY), "credentials", "credentials"),
        (error(400, "INVALID_ARGUMENT", TOO_LONG), "bad_request", "too_large"),
        (error(400, "FAILED_PRECONDITION", NO_BILLING), "credentials", "credentials"),
        (error(403, "PERMISSION_DENIED", "not yours"), "credentials", "credentials"),
        (error(404, "NOT_FOUND", "models/gemini-0 is not found"), "bad_request", "unknown_model"),
        (error(429, "RESOURCE_EXHAUSTED", BILLING, QUOTA), "rate_limited", None),
        ([error(429, "RESOURCE_EXHAUSTED", "Resource exhausted.")], "rate_limited", None),
        (error(500, "INTERNAL", "oops"), "server_error", None),
        (error(503, "UNAVAILABLE", "overloaded"), "server_error", None),
    ],
)
def test_each_error_has_an_outcome(body: Any, outcome: str, final: str | None) -> None:
    said = (body[0] if isinstance(body, list) else body)["error"]
    reply = read(said["code"], body)
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final) == (outcome, final)
    assert said["message"] in reply.message


@pytest.mark.parametrize(
    ("details", "said", "wait_s"),
    [
        ([QUOTA, {"@type": f"{TYPE}RetryInfo", "retryDelay": "27s"}], BILLING, 27),
        ([{"@type": f"{TYPE}RetryInfo", "retryDelay": "3.700s"}], BILLING, 3.7),
        ([], f"{BILLING} Please retry in 47.4s.", 47.4),
        ([{"@type": f"{TYPE}RetryInfo", "retryDelay": "0s"}], BILLING, None),
        ([{"@type": f"{TYPE}RetryInfo", "retryDelay": 5}], BILLING, None),
    ],
)
def test_a_429_says_in_its_body_how_long_to_wait(details: Any, said: str, wait_s: float | None) -> None:
    reply = read(429, error(429, "RESOURCE_EXHAUSTED", said, *details))
    assert isinstance(reply, Faulted)
    assert reply.retry_after_s == wait_s
