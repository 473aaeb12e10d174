"""Fetchers as tests need them: names of their own, and a clock that does not wait."""

import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from random import Random
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from headchef.sources.address import read_address
from headchef.sources.fetcher import Fetcher, open_fetcher
from headchef.sources.public import IP, is_public
from headchef.sources.settings import SourceSettings
from headchef.sources.wanted import Wanted
from tests.sources.site import ELSEWHERE, HOME
from tests.support.manual_clock import ManualClock


class HastyClock(ManualClock):
    """Passes over what is slept.

    Attributes:
        slept: pauses, in seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Be there at once."""
        self.slept.append(seconds)
        self.advance(seconds)


class Names(AbstractResolver):
    """Knows names; one that has several answers gives each once, and the last one again and again.

    Args:
        answers: IP addresses by name.
    """

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._answers = {name: list(each) for name, each in answers.items()}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give the IP addresses of a name."""
        if host not in self._answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        answers = self._answers[host]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in (answers[0] if len(answers) == 1 else answers.pop(0))
        ]

    async def close(self) -> None:
        """Nothing is open."""


def public_elsewhere(address: IP) -> bool:
    """Take one address of this machine for a public one."""
    return address == ip_address(ELSEWHERE) or is_public(address)


@asynccontextmanager
async def fetching(
    *,
    clock: ManualClock | None = None,
    names: Mapping[str, Sequence[Sequence[str]]] | None = None,
    public: Callable[[IP], bool] = is_public,
    tls: ssl.SSLContext | None = None,
    **settings: Any,
) -> AsyncIterator[Fetcher]:
    """Open a fetcher that may ask `HOME` by its number.

    Args:
        clock: one that does not wait if None.
        names: that it knows; those of the system if None.
        public: tells which IP addresses are.
        tls: which certificates are trusted.
        settings: other than the defaults.
    """
    fields = SourceSettings(**{"private_hosts": HOME, **settings})
    resolver = None if names is None else Names(names)
    opened = open_fetcher(fields, clock or HastyClock(), Random(1), resolver=resolver, public=public, tls=tls)
    async with opened as fetcher:
        yield fetcher


def wanted(address: str, **fields: Any) -> Wanted:
    """Want a document of a host that may be asked."""
    if "allow_hosts" not in fields:
        url = read_address(address)
        fields["allow_hosts"] = (f"{url.raw_host}:{url.port}",)
    standard: dict[str, Any] = {
        "read_as": "text",
        "max_bytes": 64 * 1024,
        "timeout_s": 30.0,
        "retries": 0,
    }
    return Wanted(address, **(standard | fields))
