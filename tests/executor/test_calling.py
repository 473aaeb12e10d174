"""The adapter against the simulator and against endpoints that misbehave, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp
import httpx
import orjson
import pytest
from pydantic import SecretStr

from headchef_contracts.events.common import Parameters, Usage

from headchef.catalogue import Endpoint
from headchef.executor.openai import OpenAIProvider, driver_fault, open_provider
from headchef.executor.pricing import cost_of
from headchef.executor.provider import Answered, Faulted, Question, Reply
from headchef.executor.settings import Settings
from headchef.simulator.server import Simulator
from headchef.simulator.settings import Rates
from headchef.simulator.settings import Settings as SimulatorSettings
from tests.executor.fakes import ACCOUNT, PRICES, make_model
from tests.support.manual_clock import ManualClock

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}


def question(prompt: str = "Name: Malibu", **fields: Any) -> Question:
    known: dict[str, Any] = {
        "model": make_model(provider_model="simulated"),
        "messages": [("system", "You write."), ("user", prompt)],
        "parameters": Parameters(),
        "output_schema": None,
    }
    return Question(**(known | fields))


@asynccontextmanager
async def provider_at(base_url: str, key: str | None = None, **fields: Any) -> AsyncIterator[OpenAIProvider]:
    endpoint = Endpoint(base_url, SecretStr(key) if key else None)
    async with open_provider(endpoint, ACCOUNT, Settings(**fields), ManualClock()) as provider:
        yield provider


@asynccontextmanager
async def simulated(
    rates: Rates | None = None, *, key: str | None = None, call_timeout_s: float = 60, **fields: Any
) -> AsyncIterator[tuple[OpenAIProvider, Simulator]]:
    settings = SimulatorSettings(port=0, rates=rates or Rates(), **fields)
    async with (
        Simulator(settings) as simulator,
        provider_at(simulator.base_url, key, call_timeout_s=call_timeout_s) as provider,
    ):
        yield provider, simulator


@asynccontextmanager
async def answering(*raw: bytes) -> AsyncIterator[str]:
    """An endpoint that sends these bytes after any request, one a connection, and hangs up."""
    rest = list(raw)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(rest.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def ask(provider: OpenAIProvider, asked: Question | None = None) -> Reply:
    return await provider.ask(provider.prepare(asked or question()))


def written(**fields: Any) -> dict[str, Any]:
    endpoint = Endpoint("http://127.0.0.1:1/v1", None)
    transport = httpx.MockTransport(lambda _: httpx.Response(500))
    provider = OpenAIProvider(transport, endpoint, ACCOUNT, Settings(), ManualClock())
    body = orjson.loads(provider.prepare(question(**fields)))
    assert isinstance(body, dict)
    return body


def test_a_request_says_no_more_than_it_was_told() -> None:
    assert written() == {
        "model": "simulated",
        "messages": [{"role": "system", "content": "You write."}, {"role": "user", "content": "Name: Malibu"}],
    }


def test_parameters_and_schema_are_written_where_given() -> None:
    body = written(
        parameters=Parameters(temperature=0, top_p=0.5, seed=3, stop=("END",), max_output_tokens=50),
        output_schema=SCHEMA,
    )
    assert (body["temperature"], body["top_p"], body["seed"], body["stop"]) == (0, 0.5, 3, ["END"])
    assert body["max_completion_tokens"] == 50
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA


@pytest.mark.parametrize(("asked", "most", "sent"), [(None, 100, 100), (50, 100, 50), (500, 100, 100), (50, None, 50)])
def test_the_output_limit_is_the_smaller_one(asked: int | None, most: int | None, sent: int) -> None:
    body = written(parameters=Parameters(max_output_tokens=asked), model=make_model(max_output_tokens=most))
    assert body["max_completion_tokens"] == sent


async def test_an_answer_comes_with_usage_and_id() -> None:
    async with simulated(cached_input_share=0.5, reasoning_tokens=3) as (provider, simulator):
        reply = await ask(provider, question(output_schema=SCHEMA))
        (entry,) = simulator.bill.entries
    assert isinstance(reply, Answered)
    assert set(orjson.loads(reply.text)) == {"title"}
    assert (reply.request_id, reply.finish_reason, reply.provider_model) == (entry.request_id, "stop", "simulated")
    assert entry.tokens is not None
    assert reply.usage == Usage(
        input_tokens=entry.tokens.input,
        output_tokens=entry.tokens.output,
        cached_input_tokens=entry.tokens.cached_input,
        reasoning_tokens=3,
    )
    assert cost_of(reply.usage, PRICES) == entry.cost_usd


@pytest.mark.parametrize(
    ("rates", "outcome", "final"),
    [
        (Rates(rate_limited=1), "rate_limited", None),
        (Rates(server_error=1), "server_error", None),
        (Rates(unavailable=1), "server_error", None),
        (Rates(reset=1), "connection", None),
        (Rates(malformed=1), "malformed_response", None),
        (Rates(length=1), "length", "length"),
        (Rates(refusal=1), "refusal", "refusal"),
    ],
)
async def test_each_fault_of_the_simulator_has_its_outcome(rates: Rates, outcome: str, final: str | None) -> None:
    async with simulated(rates, retry_after_s=2.5) as (provider, _):
        reply = await ask(provider)
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final) == (outcome, final)
    assert reply.retry_after_s == (2.5 if outcome == "rate_limited" else None)
    assert (reply.usage is not None) == (outcome in ("length", "refusal"))


async def test_a_broken_schema_is_still_an_answer() -> None:
    async with simulated(Rates(schema_violation=1)) as (provider, _):
        assert isinstance(await ask(provider, question(output_schema=SCHEMA)), Answered)


async def test_what_the_provider_refuses_has_a_reason() -> None:
    async with simulated(context_tokens=300, max_body_bytes=4096) as (provider, _):
        unknown = await ask(provider, question(model=make_model(provider_model="gone")))
        too_long = await ask(provider, question("x" * 2000))
        too_large = await ask(provider, question("x" * 8000))
    assert [reply.final for reply in (unknown, too_long, too_large) if isinstance(reply, Faulted)] == [
        "unknown_model",
        "too_large",
        "too_large",
    ]


async def test_the_key_is_sent_and_a_wrong_one_is_a_matter_of_credentials() -> None:
    async with simulated(key="sk-right", api_key=SecretStr("sk-right")) as (provider, _):
        assert isinstance(await ask(provider), Answered)
    async with simulated(key="sk-wrong", api_key=SecretStr("sk-right")) as (provider, _):
        reply = await ask(provider)
    assert isinstance(reply, Faulted)
    assert reply.final == "credentials"


async def test_a_call_that_takes_too_long_is_broken_off() -> None:
    async with simulated(latency_median_s=600, latency_sigma=0, call_timeout_s=0.05) as (provider, _):
        reply = await ask(provider)
    assert reply == Faulted("timeout", "no answer within 0.05 s")


async def test_nobody_at_the_address_is_a_connection_fault() -> None:
    async with answering() as base_url:
        pass
    async with provider_at(base_url) as provider:
        reply = await ask(provider)
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final, reply.status_code) == ("connection", None, None)


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (b"", "connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "malformed_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "malformed_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "connection"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", "malformed_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n" + b'{"error": {"a": "b"}}', "malformed_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, "malformed_response"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://other.test/\r\nContent-Length: 0\r\n\r\n", "bad_request"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "malformed_response"),
    ],
)
async def test_endpoints_that_misbehave_give_a_fault_and_no_error(raw: bytes, outcome: str) -> None:
    async with answering(raw) as base_url, provider_at(base_url, max_response_bytes=1024) as provider:
        reply = await ask(provider)
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final is None) == (outcome, outcome != "bad_request")


async def test_a_refused_certificate_or_name_is_a_connection_fault() -> None:
    async with answering(b"not TLS") as base_url, provider_at(base_url.replace("http:", "https:")) as provider:
        reply = await ask(provider)
    assert isinstance(reply, Faulted)
    assert reply.outcome == "connection"


def subclasses(kind: type[Exception]) -> set[type[Exception]]:
    return {kind, *(inner for child in kind.__subclasses__() for inner in subclasses(child))}


DRIVER_ERRORS = [*subclasses(httpx.HTTPError), *subclasses(aiohttp.ClientError)]


@pytest.mark.parametrize("kind", sorted(DRIVER_ERRORS, key=str))
def test_no_error_of_the_drivers_is_unmapped(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    fault = driver_fault(error, "api.acme.test")
    assert fault.outcome in ("timeout", "connection", "malformed_response")
    assert fault.final is None
    assert "api.acme.test" in fault.message


async def test_costs_recorded_equal_the_bill() -> None:
    rates = Rates(rate_limited=0.1, server_error=0.1, length=0.1, refusal=0.1)
    async with simulated(rates, cached_input_share=0.3) as (provider, simulator):
        replies = await asyncio.gather(*(ask(provider, question(f"Size: {number}")) for number in range(100)))
        bill = simulator.bill
    costs = [cost for reply in replies if (cost := cost_of(reply.usage, PRICES)) is not None]
    assert sum(costs, Decimal(0)) == bill.cost_usd
    assert len(costs) == bill.calls["answered"] + bill.calls["length"] + bill.calls["refusal"]
    assert bill.calls["rate_limited"] > 0
