"""What each dialect of the simulator takes and refuses, in its provider's own words."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
import pytest

from headchef.simulator.server import Simulator
from headchef.simulator.settings import Rates, Settings

MESSAGES = "/v1/messages"
GENERATE = "/v1beta/models/simulated:generateContent"


async def post(
    path: str, body: object, rates: Rates | None = None, **fields: Any
) -> tuple[int, Any, Mapping[str, str], Mapping[str, int]]:
    """Send one request; give the status, the body, the headers, and the bill's outcomes."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    async with Simulator(Settings(port=0, rates=rates or Rates(), **fields)) as simulator:
        async with (
            aiohttp.ClientSession() as session,
            session.post(simulator.address + path, data=raw) as response,
        ):
            said = orjson.loads(await response.read())
        return response.status, said, response.headers, dict(simulator.bill.calls)


def message(**fields: Any) -> dict[str, Any]:
    return {"model": "simulated", "max_tokens": 99, "messages": [{"role": "user", "content": "Name: Nova"}], **fields}


def content(**fields: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": "Name: Nova"}]}], **fields}


def form(schema: dict[str, Any]) -> dict[str, Any]:
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not valid JSON"),
        ([], "not valid JSON"),
        ({}, "model: Field required"),
        ({"model": "simulated"}, "max_tokens: Field required"),
        ({"model": "simulated", "max_tokens": 9}, "at least one message"),
        (message(messages=[]), "at least one message"),
        (message(messages=[{"role": "system", "content": "x"}]), "Unexpected role"),
        (message(output_config={"format": {"type": "json_object"}}), "does not match"),
        (message(system=[{"type": "text", "text": "x", "cache_control": {}}] * 5), "maximum of 4 blocks"),
        (message(system=[{"type": "text", "text": " \n"}]), "non-whitespace"),
        (message(**form({"type": "object"})), "'additionalProperties' must be explicitly set to false"),
        (message(**form({"type": "string", "maxLength": 3})), "property 'maxLength' is not supported"),
        (message(**form({"anyOf": [{"type": "integer", "minimum": 3}]})), "property 'minimum' is not supported"),
    ],
)
async def test_anthropic_says_what_is_wrong(body: object, says: str) -> None:
    status, said, headers, bill = await post(MESSAGES, body)
    assert (status, said["type"], said["error"]["type"]) == (400, "error", "invalid_request_error")
    assert says in said["error"]["message"]
    assert headers["request-id"] == said["request_id"]
    assert bill == {"bad_request": 1}


@pytest.mark.parametrize(
    ("rates", "status", "kind"),
    [
        (Rates(rate_limited=1), 429, "rate_limit_error"),
        (Rates(server_error=1), 500, "api_error"),
        (Rates(unavailable=1), 529, "overloaded_error"),
    ],
)
async def test_anthropic_fails_in_its_own_way(rates: Rates, status: int, kind: str) -> None:
    found, said, headers, _ = await post(MESSAGES, message(), rates, retry_after_s=2.5)
    assert (found, said["error"]["type"]) == (status, kind)
    assert headers.get("retry-after") == ("3" if status == 429 else None)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "Invalid JSON payload"),
        ({}, "contents is not specified"),
        ({"contents": []}, "contents is not specified"),
        ({"contents": ["x"]}, "contents is not specified"),
        (content(generationConfig=[1]), "Invalid value at 'generation_config'"),
        (content(generationConfig={"responseJsonSchema": {}}), "response_json_schema"),
    ],
)
async def test_gemini_says_what_is_wrong(body: object, says: str) -> None:
    status, said, _, bill = await post(GENERATE, body)
    assert (status, said["error"]["code"], said["error"]["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert says in said["error"]["message"]
    assert bill == {"bad_request": 1}


async def test_gemini_asks_to_wait_in_the_body() -> None:
    status, said, headers, bill = await post(GENERATE, content(), Rates(rate_limited=1), retry_after_s=2.5)
    assert (status, said["error"]["status"], bill) == (429, "RESOURCE_EXHAUSTED", {"rate_limited": 1})
    assert {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.5s"} in said["error"]["details"]
    assert "retry-after" not in headers


async def test_gemini_counts_thoughts_apart_and_answers_json_where_asked() -> None:
    config = {"responseMimeType": "application/json"}
    _, said, _, _ = await post(GENERATE, content(generationConfig=config), reasoning_tokens=7)
    usage = said["usageMetadata"]
    assert usage["thoughtsTokenCount"] == 7
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"] + 7
    assert orjson.loads(said["candidates"][0]["content"]["parts"][0]["text"])["simulated"] is True


async def test_gemini_knows_its_models_by_their_path() -> None:
    status, said, _, _ = await post(GENERATE.replace("simulated", "gone"), content())
    assert (status, said["error"]["status"]) == (404, "NOT_FOUND")
