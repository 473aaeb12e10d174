"""Calls an account over HTTP: httpx requests on the aiohttp transport, and every driver error mapped.

The transport is driven directly. httpx's client above it (redirects, cookies, auth flows, hooks) would add 120 µs to
the 180 µs of processor time that a call costs, and this adapter wants none of what it does.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from pydantic import SecretStr

from headchef.catalogue import Endpoint, Provider
from headchef.executor.credential import Credential
from headchef.executor.dialects import DIALECTS
from headchef.executor.prompt_cache import PromptCache
from headchef.executor.provider import Call, Faulted, Question, Reply
from headchef.executor.reading import ResponseReader
from headchef.executor.settings import Settings
from headchef.runtime.clock import Clock

_GARBLED = (httpx.DecodingError, httpx.RemoteProtocolError, aiohttp.ClientResponseError)

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "headchef"}

_KEEPALIVE_S = 30.0
"""Below the idle time-outs of the usual gateways (60 s), so that a call seldom meets a connection just closed."""


class _Unshown(httpx.Headers):
    """Headers of which nothing shows a value; httpx itself hides `Authorization` only, which not all dialects use."""

    def __repr__(self) -> str:
        return f"<headers {', '.join(self)}>"


class HttpProvider:
    """One account, spoken to in its dialect.

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
        self._transport = transport
        self._credential = Credential(endpoint, clock)
        self._dialect = DIALECTS[account.dialect](account)
        self._base_url = endpoint.base_url
        self._host = httpx.URL(endpoint.base_url).netloc.decode()
        self._urls: dict[str, httpx.URL] = {}
        self._use(self._credential.current())
        self._settings = settings
        self._clock = clock
        self._prompts = PromptCache()
        self._extensions = {"timeout": {"connect": settings.connect_timeout_s}}

    def _use(self, key: SecretStr | None) -> None:
        self._key = key
        secret = key.get_secret_value() if key else None
        self._headers = _Unshown({**_HEADERS, **self._dialect.headers(secret)})
        self._reader = ResponseReader(self._dialect, secret)

    def prepare(self, question: Question) -> Call:
        """Write a question in the account's dialect."""
        return self._dialect.write(question)

    async def ask(self, call: Call) -> Reply:
        """Make one call, marked for the provider's cache where that pays. Raises nothing but cancellation."""
        if (cacheable := call.cacheable) is None:
            return await self._ask(call.path, call.body)
        began_s, usage = self._clock.monotonic(), None
        use = self._prompts.begin(cacheable, began_s)
        try:
            reply = await self._ask(call.path, call.body if use == "unmarked" else cacheable.body)
            usage = reply.usage
        finally:
            self._prompts.end(cacheable, use, began_s, usage)
        return reply

    async def _ask(self, path: str, body: bytes) -> Reply:
        try:
            async with asyncio.timeout(self._settings.call_timeout_s):
                return await self._exchange(path, body)
        except TimeoutError:
            return Faulted("timeout", f"no answer within {self._settings.call_timeout_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            return driver_fault(error, self._host)

    async def _exchange(self, path: str, body: bytes) -> Reply:
        # Parsed once: an account has one path, or one for each model.
        url = self._urls.get(path) or self._urls.setdefault(path, httpx.URL(self._base_url + path))
        if (key := self._credential.current()) != self._key:
            self._use(key)
        request = httpx.Request("POST", url, headers=self._headers, content=body, extensions=self._extensions)
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
) -> AsyncIterator[HttpProvider]:
    """Open connections to an account, as many as calls are in flight, and close them at the end."""
    connector = aiohttp.TCPConnector(limit=settings.concurrency, keepalive_timeout=_KEEPALIVE_S)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        transport = AiohttpTransport(client=session, proxy=_proxy_for(endpoint.base_url))
        yield HttpProvider(transport, endpoint, account, settings, clock)


def _proxy_for(url: str) -> httpx.Proxy | None:
    """Read HTTP_PROXY, HTTPS_PROXY and NO_PROXY once; aiohttp's trust_env reads them at each call, for 300 µs."""
    parts = urlsplit(url)
    address = getproxies().get(parts.scheme)
    return httpx.Proxy(address) if address and not proxy_bypass(parts.hostname or "") else None
