"""Fetches documents for workflows: safely, within limits, and again where that may help."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from headchef.runtime.clock import Clock
from headchef.sources.address import host_of, read_address, shown
from headchef.sources.body import ACCEPTED
from headchef.sources.errors import FetchFailed
from headchef.sources.exchange import Answer, Exchange
from headchef.sources.public import IP, is_public
from headchef.sources.reading import read
from headchef.sources.resolving import CheckedResolver
from headchef.sources.settings import SourceSettings
from headchef.sources.trying import TimeLimit, pause_s
from headchef.sources.wanted import Fetched, Source, Wanted

_CONNECT_S = 5.0
"""A connection that is not made by then is tried again, while there is time."""


class Fetcher:
    """Fetches documents; see `open_fetcher`.

    Args:
        exchange: carries requests out.
        clock: counts time, and sleeps between tries.
        chance: of pauses.
    """

    def __init__(self, exchange: Exchange, clock: Clock, chance: Random) -> None:
        self._exchange = exchange
        self._clock = clock
        self._chance = chance

    async def fetch(self, wanted: Wanted) -> Fetched:
        """Fetch one document.

        Raises:
            FetchFailed: it could not be had or read, or may not be asked for; says why, and what would be right.
        """
        url = read_address(wanted.address)
        answer = await self._answer(url, wanted)
        name = shown(answer.url)
        value = await asyncio.to_thread(read, answer.body, wanted.read_as, answer.content_type, answer.charset, name)
        digest = hashlib.sha256(answer.body).hexdigest()
        return Fetched(value, Source(name, digest, len(answer.body), answer.content_type))

    async def _answer(self, url: URL, wanted: Wanted) -> Answer:
        hosts = [host_of(entry) for entry in wanted.allow_hosts]
        limit = TimeLimit(self._clock, wanted.timeout_s)
        tries = 1
        while True:
            try:
                return await self._exchange.answer(url, wanted.read_as, hosts, wanted.max_bytes, limit)
            except TimeoutError as error:
                message = f"{shown(url)} took more than {wanted.timeout_s:g} s; raise `timeout_s`"
                raise FetchFailed("timeout", message) from error
            except FetchFailed as failed:
                pause = pause_s(failed, tries, self._chance)
                if not failed.may_pass or tries > wanted.retries or pause >= limit.left_s:
                    raise
            await self._clock.sleep(pause)
            tries += 1


@asynccontextmanager
async def open_fetcher(
    settings: SourceSettings,
    clock: Clock,
    chance: Random,
    *,
    resolver: AbstractResolver | None = None,
    public: Callable[[IP], bool] = is_public,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Fetcher]:
    """Open a fetcher, and close its connections at the end.

    Args:
        settings: hosts of one's own network, requests at once.
        clock: counts time, and sleeps between tries.
        chance: of pauses.
        resolver: knows names; the system's if None.
        public: tells which IP addresses are.
        tls: which certificates are trusted; the system's if None.
    """
    checked = CheckedResolver(resolver or aiohttp.ThreadedResolver(), settings.private(), public)
    connector = aiohttp.TCPConnector(resolver=checked, use_dns_cache=False, limit=0, ssl=tls or True)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
        headers={"Accept-Encoding": ACCEPTED, "User-Agent": "headchef"},
    ) as session:
        yield Fetcher(Exchange(session, checked.check_literal, clock, settings.per_host), clock, chance)
