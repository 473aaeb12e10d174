"""Calls to endpoints that misbehave, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import httpx
import pytest

from headchef.executor.calling import driver_fault
from headchef.executor.provider import Faulted, Question
from tests.executor.fakes import make_model
from tests.executor.simulated import ask, provider_at, question, simulated


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


STATIC = "Write of the car alone, and claim nothing else.\n" * 100


def cacheable(name: str) -> Question:
    model = make_model(provider_model="simulated", max_output_tokens=99, cache_breakpoints=True)
    return question(model=model, messages=[("user", f"{STATIC}Name: {name}")], static_characters=[len(STATIC)])


async def test_calls_at_once_write_to_the_providers_cache_once() -> None:
    async with simulated(dialect="anthropic", latency_median_s=0.2, latency_sigma=0) as (provider, simulator):
        for _ in range(2):
            await asyncio.gather(*(ask(provider, cacheable(f"car {number}")) for number in range(20)))
        tokens = [entry.tokens for entry in simulator.bill.entries if entry.tokens]
    written = [each.cache_write for each in tokens if each.cache_write]
    assert len(written) == 1
    assert [each.cached_input for each in tokens] == [0] * 20 + written * 20


async def test_a_call_that_is_given_up_leaves_the_mark_to_the_next() -> None:
    async with simulated(dialect="anthropic", latency_median_s=0.2, latency_sigma=0) as (provider, _):
        await ask(provider, cacheable("Nova"))
        given_up = asyncio.ensure_future(ask(provider, cacheable("Impala")))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        reply = await ask(provider, cacheable("Malibu"))
    assert reply.usage is not None
    assert reply.usage.cache_write_input_tokens > 1024
