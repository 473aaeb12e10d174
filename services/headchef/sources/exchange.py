"""Asks for a document once, redirects and all: every address on the way is looked at before it is asked."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from http import HTTPStatus
from weakref import WeakValueDictionary

import aiohttp
from yarl import URL

from headchef.retry_after import read_retry_after
from headchef.runtime.clock import Clock
from headchef.sources.address import Host, joined, permitted, shown
from headchef.sources.body import read_body
from headchef.sources.errors import FetchFailed
from headchef.sources.trying import TimeLimit
from headchef.sources.wanted import ReadAs

MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_MAY_PASS = (408, 425, 429)
"""And all from 500 on."""

_CHUNK_BYTES = 65_536
_ACCEPT: dict[ReadAs, str] = {
    "json": "application/json, */*;q=0.5",
    "text": "text/html, text/plain, */*;q=0.5",
    "csv": "text/csv, */*;q=0.5",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server has given.

    Attributes:
        url: after all redirects.
        body: unpacked.
        content_type: as it named it, without parameters; None where it did not.
        charset: likewise.
    """

    url: URL
    body: bytes
    content_type: str | None
    charset: str | None


class Exchange:
    """Carries requests out, so many at once to one host.

    Args:
        session: keeps no cookies, reads no environment, follows no redirects and unpacks nothing.
        check_literal: refuses a host that is an IP address and not public; the session's resolver sees to names.
        clock: for dates in answers.
        per_host: requests at once to one host.
    """

    def __init__(
        self, session: aiohttp.ClientSession, check_literal: Callable[[str], None], clock: Clock, per_host: int
    ) -> None:
        self._session = session
        self._check_literal = check_literal
        self._clock = clock
        self._per_host = per_host
        # A host is forgotten with the last request that has its turn or waits for it.
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def answer(
        self, url: URL, read_as: ReadAs, allow_hosts: Collection[Host], max_bytes: int, limit: TimeLimit
    ) -> Answer:
        """Ask for a document.

        Args:
            url: where it lies.
            read_as: what the server is told to be welcome.
            allow_hosts: that may be asked.
            max_bytes: that it may have.
            limit: of the time.

        Raises:
            FetchFailed: it could not be had.
            TimeoutError: the time is up.
        """
        for _ in range(MAX_REDIRECTS + 1):
            permitted(url, allow_hosts)
            self._check_literal(url.raw_host or "")
            turn = self._turns.setdefault(f"{url.raw_host}:{url.port}", asyncio.Semaphore(self._per_host))
            with limit.standing():
                await turn.acquire()
            try:
                async with asyncio.timeout(limit.left_s):
                    found = await self._ask(url, read_as, max_bytes)
            finally:
                turn.release()
            if isinstance(found, Answer):
                return found
            url = redirected(url, found)
        raise FetchFailed("forbidden_redirect", f"{shown(url)} is the end of more than {MAX_REDIRECTS} redirects")

    async def _ask(self, url: URL, read_as: ReadAs, max_bytes: int) -> Answer | str:
        """Give what the server has given: a document, or where it sends us."""
        name = shown(url)
        headers = {"Accept": _ACCEPT[read_as]}
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                location = response.headers.get("Location")
                if response.status in _REDIRECTS and location:
                    return location
                if not 200 <= response.status < 300:
                    raise self._refused(response, name)
                coding = response.headers.get("Content-Encoding", "").strip().lower()
                body = await read_body(response.content.iter_chunked(_CHUNK_BYTES), coding, max_bytes, name)
                stated = response.content_type if "Content-Type" in response.headers else None
                return Answer(url, body, stated, response.charset)
        except aiohttp.ClientConnectorCertificateError as error:
            raise FetchFailed("unreachable", f"the certificate of {name} is not one for {url.raw_host}") from error
        except (aiohttp.ClientError, OSError) as error:
            # The error's own words may hold the whole address.
            message = f"the connection to {name} could not be made or was lost ({type(error).__name__})"
            raise FetchFailed("unreachable", message, may_pass=True) from error

    def _refused(self, response: aiohttp.ClientResponse, name: str) -> FetchFailed:
        status = response.status
        known = next((f" {each.phrase}" for each in HTTPStatus if each == status), "")
        return FetchFailed(
            "http_status",
            f"{name} answered with {status}{known}",
            may_pass=status in _MAY_PASS or status >= 500,
            retry_after_s=read_retry_after(response.headers, "", self._clock.now()),
        )


def redirected(url: URL, location: str) -> URL:
    """Give where a redirect leads; that is looked at like any other address.

    Raises:
        FetchFailed: it leads nowhere, or out of what nobody else can read.
    """
    target = joined(url, location)
    if url.scheme == "https" and target.scheme == "http":
        raise FetchFailed("forbidden_redirect", f"{shown(url)} leads from https to http, where anybody may listen")
    return target
