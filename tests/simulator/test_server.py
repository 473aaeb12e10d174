"""The simulator over HTTP: OpenAI's dialect, faults, and a bill that says what each call cost."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, NamedTuple

import aiohttp
import orjson
import pytest
from pydantic import SecretStr

from headchef.simulator.prose import MARK
from headchef.simulator.server import Simulator
from headchef.simulator.settings import Rates, Settings
from tests.support.manual_clock import ManualClock

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "maxLength": 60}, "horsepower": {"type": "integer"}},
    "required": ["title", "horsepower"],
    "additionalProperties": False,
}


class Got(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: Any


class Caller:
    """A simulator and a client of it."""

    def __init__(self, simulator: Simulator, session: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self.session = session

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> Got:
        url = f"{self.simulator.base_url}/chat/completions"
        async with self.session.post(url, data=body, headers=headers) as response:
            raw = await response.read()
        try:
            parsed: Any = orjson.loads(raw)
        except orjson.JSONDecodeError:
            parsed = raw
        return Got(response.status, response.headers.copy(), parsed)

    async def ask(self, prompt: str = "Name: Malibu\nHorsepower: 130", **fields: Any) -> Got:
        messages = [{"role": "user", "content": prompt}]
        return await self.post(orjson.dumps({"model": "simulated", "messages": messages, **fields}))

    async def get(self, path: str) -> Any:
        async with self.session.get(self.simulator.address + path) as response:
            return orjson.loads(await response.read())


@asynccontextmanager
async def running(rates: Rates | None = None, **fields: Any) -> AsyncIterator[Caller]:
    settings = Settings(port=0, rates=rates or Rates(), **fields)
    async with Simulator(settings) as simulator, aiohttp.ClientSession() as session:
        yield Caller(simulator, session)


def schema_format(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "output", "schema": schema}}


def content(got: Got) -> str:
    text = got.body["choices"][0]["message"]["content"]
    assert isinstance(text, str)
    return text


async def test_free_text_is_marked_and_about_the_facts() -> None:
    async with running() as caller:
        got = await caller.ask()
    assert got.status == 200
    assert content(got).startswith(MARK)
    assert "130" in content(got)
    assert got.body["choices"][0]["finish_reason"] == "stop"
    assert got.body["system_fingerprint"] == "simulated"


async def test_a_schema_is_obeyed() -> None:
    async with running() as caller:
        got = await caller.ask(response_format=schema_format(SCHEMA))
    value = orjson.loads(content(got))
    assert set(value) == {"title", "horsepower"}
    assert value["horsepower"] == 130


async def test_a_json_object_is_one() -> None:
    async with running() as caller:
        got = await caller.ask(response_format={"type": "json_object"})
    assert orjson.loads(content(got))["simulated"] is True


async def test_answers_do_not_depend_on_the_order_of_arrival() -> None:
    prompts = [f"Name: item {number}\nSize: {number}" for number in range(20)]
    async with running(seed=5) as caller:
        there = {prompt: content(await caller.ask(prompt)) for prompt in prompts}
    async with running(seed=5) as caller:
        back = dict(zip(reversed(prompts), await asyncio.gather(*map(caller.ask, reversed(prompts))), strict=True))
    async with running(seed=6) as caller:
        other = {prompt: content(await caller.ask(prompt)) for prompt in prompts}
    assert {prompt: content(got) for prompt, got in back.items()} == there
    assert other != there


@pytest.mark.parametrize(
    ("rates", "status", "outcome", "billed"),
    [
        (Rates(rate_limited=1), 429, "rate_limited", False),
        (Rates(server_error=1), 500, "server_error", False),
        (Rates(unavailable=1), 503, "unavailable", False),
        (Rates(malformed=1), 200, "malformed", True),
        (Rates(length=1), 200, "length", True),
        (Rates(refusal=1), 200, "refusal", True),
        (Rates(schema_violation=1), 200, "schema_violation", True),
    ],
)
async def test_each_fault_is_met_and_billed_as_providers_do(
    rates: Rates, status: int, outcome: str, billed: bool
) -> None:
    async with running(rates) as caller:
        got = await caller.ask(response_format=schema_format(SCHEMA))
        bill = await caller.get("/bill?entries")
    assert got.status == status
    assert bill["calls_by_outcome"] == {outcome: 1}
    assert (Decimal(bill["cost_usd"]) > 0) == billed
    assert [entry["request_id"] for entry in bill["entries"]] == [got.headers["x-request-id"]]


async def test_a_429_says_how_long_to_wait() -> None:
    async with running(Rates(rate_limited=1), retry_after_s=1.5) as caller:
        got = await caller.ask()
    assert (got.headers["Retry-After"], got.headers["Retry-After-Ms"]) == ("2", "1500")
    assert "try again in 1.5s" in got.body["error"]["message"]


async def test_a_reset_breaks_the_connection_and_is_billed() -> None:
    async with running(Rates(reset=1)) as caller:
        with pytest.raises(aiohttp.ClientError):
            await caller.ask()
        assert (await caller.get("/bill"))["calls_by_outcome"] == {"reset": 1}


async def test_answers_that_are_cut_off_refused_or_wrong_say_so() -> None:
    async with running(Rates(length=1)) as caller:
        assert (await caller.ask()).body["choices"][0]["finish_reason"] == "length"
    async with running(Rates(refusal=1)) as caller:
        message = (await caller.ask()).body["choices"][0]["message"]
        assert message["content"] is None
        assert message["refusal"].startswith(MARK)
    async with running(Rates(schema_violation=1)) as caller:
        assert set(orjson.loads(content(await caller.ask(response_format=schema_format(SCHEMA))))) == {"horsepower"}
    async with running(Rates(malformed=1)) as caller:
        assert isinstance((await caller.ask()).body, bytes)


async def test_a_retry_meets_a_new_fate_and_the_same_answer() -> None:
    async with running(Rates(server_error=0.5)) as caller:
        tries = [await caller.ask() for _ in range(20)]
    assert {got.status for got in tries} == {200, 500}
    assert len({content(got) for got in tries if got.status == 200}) == 1
    assert len({got.headers["x-request-id"] for got in tries}) == 20


async def test_the_output_limit_cuts_the_answer() -> None:
    async with running() as caller:
        got = await caller.ask(max_completion_tokens=5)
    assert got.body["choices"][0]["finish_reason"] == "length"
    assert len(content(got)) == 20


async def test_the_bill_sums_up_what_the_answers_reported() -> None:
    async with running(reasoning_tokens=7) as caller:
        answers = [await caller.ask(f"Size: {number}") for number in range(10)]
        bill = await caller.get("/bill?entries")
        async with caller.session.delete(f"{caller.simulator.address}/bill") as response:
            assert response.status == 204
        assert (await caller.get("/bill"))["calls"] == 0
    usages = [got.body["usage"] for got in answers]
    assert bill["input_tokens"] == sum(usage["prompt_tokens"] for usage in usages)
    assert bill["output_tokens"] == sum(usage["completion_tokens"] for usage in usages)
    assert Decimal(bill["cost_usd"]) == sum(Decimal(entry["cost_usd"]) for entry in bill["entries"])
    assert all(usage["completion_tokens_details"]["reasoning_tokens"] == 7 for usage in usages)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, None),
        (b"[]", 400, None),
        (b"{}", 400, None),
        (b'{"model": "simulated"}', 400, None),
        (b'{"model": "simulated", "messages": []}', 400, None),
        (b'{"model": "simulated", "messages": ["hi"]}', 400, None),
        (b'{"model": "gone", "messages": [{"role": "user", "content": "hi"}]}', 404, "model_not_found"),
        (b'{"model": "simulated", "messages": [{}], "response_format": {"type": "xml"}}', 400, None),
        (b'{"model": "simulated", "messages": [{}], "response_format": {"type": "json_schema"}}', 400, None),
        (b'{"model": "simulated", "messages": [{"content": "%s"}]}' % (b"x" * 500), 400, "context_length_exceeded"),
    ],
)
async def test_bad_requests_are_refused_in_openais_words(body: bytes, status: int, code: str | None) -> None:
    async with running(context_tokens=100) as caller:
        got = await caller.post(body)
        assert (got.status, got.body["error"]["code"]) == (status, code)
        assert (await caller.get("/bill"))["calls_by_outcome"] == {"bad_request": 1}


async def test_a_request_that_is_too_large_is_refused() -> None:
    async with running(max_body_bytes=1024) as caller:
        assert (await caller.post(b"x" * 4096)).status == 413


async def test_a_key_is_asked_for_where_one_is_set() -> None:
    async with running(api_key=SecretStr("sk-right")) as caller:
        body = b'{"model": "simulated", "messages": [{"role": "user", "content": "hi"}]}'
        assert (await caller.post(body)).status == 401
        assert (await caller.post(body, {"Authorization": "Bearer sk-wrong"})).status == 401
        assert (await caller.post(body, {"Authorization": "Bearer sk-right"})).status == 200


async def test_models_are_listed() -> None:
    async with running(models=("a", "b")) as caller:
        assert [model["id"] for model in (await caller.get("/v1/models"))["data"]] == ["a", "b"]


async def test_latency_is_slept_on_the_clock() -> None:
    clock = ManualClock()
    settings = Settings(port=0, latency_median_s=2, latency_sigma=0)
    async with Simulator(settings, clock) as simulator, aiohttp.ClientSession() as session:
        caller = Caller(simulator, session)
        call = asyncio.create_task(caller.ask())
        assert (await caller.get("/bill"))["calls"] == 0
        while not call.done():
            clock.advance(2)
            await caller.get("/v1/models")
        assert (await call).status == 200


async def test_what_is_known_of_old_requests_is_bounded() -> None:
    async with running(max_known_requests=2, bill_entries=3) as caller:
        for number in range(5):
            await caller.ask(f"Size: {number}")
        assert len((await caller.get("/bill?entries"))["entries"]) == 3
        assert (await caller.ask("Size: 0")).headers["x-request-id"].endswith("-1")
        assert (await caller.ask("Size: 4")).headers["x-request-id"].endswith("-2")
