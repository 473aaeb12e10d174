"""Calls an OpenAI-compatible endpoint: httpx requests on the aiohttp transport, and every driver error mapped.

The transport is driven directly. httpx's client above it (redirects, cookies, auth flows, hooks) would add 120 µs to
the 180 µs of processor time that a call costs, and this adapter wants none of what it does.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
import orjson
from httpx_aiohttp import AiohttpTransport

from headchef.catalogue import Endpoint, Provider
from headchef.executor.provider import Faulted, Question, Reply
from headchef.executor.reading import ResponseReader
from headchef.executor.settings import Settings
from headchef.executor.structured import response_format
from headchef.runtime.clock import Clock

_GARBLED = (httpx.DecodingError, httpx.RemoteProtocolError, aiohttp.ClientResponseError)

_KEEPALIVE_S = 30.0
"""Below the idle time-outs of the usual gateways (60 s), so that a call seldom meets a connection just closed."""


class OpenAIProvider:
    """One account at an OpenAI-compatible endpoint.

    Args:
        transport: carries the requests.
        endpoint: address and credential.
        account: the account's entry in the catalogue.
        settings: time-outs and the bound on answers.
        clock: for dates in headers.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        endpoint: Endpoint,
        account: Provider,
        settings: Settings,
        clock: Clock,
    ) -> None:
        secret = endpoint.api_key.get_secret_value() if endpoint.api_key else None
        self._transport = transport
        self._url = httpx.URL(f"{endpoint.base_url}/chat/completions")
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "headchef"}
        self._headers = httpx.Headers(headers | ({"Authorization": f"Bearer {secret}"} if secret else {}))
        self._reader = ResponseReader(secret)
        self._limit_field = account.output_limit_field
        self._settings = settings
        self._clock = clock
        self._extensions = {"timeout": {"connect": settings.connect_timeout_s}}

    def prepare(self, question: Question) -> bytes:
        """Write the request's body."""
        model, parameters = question.model, question.parameters
        body: dict[str, Any] = {
            "model": model.provider_model,
            "messages": [{"role": role, "content": text} for role, text in question.messages],
        }
        if question.output_schema is not None:
            form = response_format(question.output_schema, model.structured_output)
            if form is not None:
                body["response_format"] = form
        limits = [limit for limit in (parameters.max_output_tokens, model.max_output_tokens) if limit is not None]
        if limits:
            body[self._limit_field] = min(limits)
        for name in ("temperature", "top_p", "seed", "stop"):
            value = getattr(parameters, name)
            if value is not None:
                body[name] = value
        return orjson.dumps(body)

    async def ask(self, body: bytes) -> Reply:
        """Make one call. Raises nothing but cancellation."""
        try:
            async with asyncio.timeout(self._settings.call_timeout_s):
                return await self._exchange(body)
        except TimeoutError:
            return Faulted("timeout", f"no answer within {self._settings.call_timeout_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            return driver_fault(error, self._url.netloc.decode())

    async def _exchange(self, body: bytes) -> Reply:
        request = httpx.Request("POST", self._url, headers=self._headers, content=body, extensions=self._extensions)
        response = await self._transport.handle_async_request(request)
        try:
            size, chunks = 0, []
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > self._settings.max_response_bytes:
                    message = f"the provider answered with more than {self._settings.max_response_bytes} bytes"
                    return Faulted("malformed_response", message, None, response.status_code)
                chunks.append(chunk)
        finally:
            await response.aclose()
        return self._reader.read(response.status_code, response.headers, b"".join(chunks), self._clock.now())


def driver_fault(error: Exception, host: str) -> Faulted:
    """Map whatever httpx, aiohttp or the socket raised. The error's text is left out: aiohttp's holds the headers.

    A connection closed by the other side comes as httpx.ConnectTimeout, so the error beneath it decides.
    """
    chain = (error.__cause__ or error, error)
    name = type(chain[0]).__name__
    if any(isinstance(each, _GARBLED) for each in chain):
        return Faulted("malformed_response", f"the answer of {host} was garbled ({name})")
    if isinstance(chain[0], TimeoutError | httpx.TimeoutException):
        return Faulted("timeout", f"the connection to {host} took too long ({name})")
    return Faulted("connection", f"the connection to {host} could not be made or was lost ({name})")


@asynccontextmanager
async def open_provider(
    endpoint: Endpoint, account: Provider, settings: Settings, clock: Clock
) -> AsyncIterator[OpenAIProvider]:
    """Open connections to an endpoint, as many as calls are in flight, and close them at the end."""
    connector = aiohttp.TCPConnector(limit=settings.concurrency, keepalive_timeout=_KEEPALIVE_S)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        transport = AiohttpTransport(client=session, proxy=_proxy_for(endpoint.base_url))
        yield OpenAIProvider(transport, endpoint, account, settings, clock)


def _proxy_for(url: str) -> httpx.Proxy | None:
    """Read HTTP_PROXY, HTTPS_PROXY and NO_PROXY once; aiohttp's trust_env reads them at each call, for 300 µs."""
    parts = urlsplit(url)
    address = getproxies().get(parts.scheme)
    return httpx.Proxy(address) if address and not proxy_bypass(parts.hostname or "") else None
