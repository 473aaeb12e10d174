"""Finds the IP addresses of a host and refuses those that are not public; the client connects to what was looked at."""

import socket
from collections.abc import Callable, Collection
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

from headchef.sources.address import literal
from headchef.sources.errors import FetchFailed
from headchef.sources.public import IP


class CheckedResolver(AbstractResolver):
    """Resolves names for the client, which connects to what it is given and asks no second time.

    Args:
        resolver: knows the names.
        private_hosts: names and IP addresses that need not be public.
        is_public: tells which IP addresses are.
    """

    def __init__(
        self, resolver: AbstractResolver, private_hosts: Collection[str], is_public: Callable[[IP], bool]
    ) -> None:
        self._resolver = resolver
        self._private_hosts = private_hosts
        self._is_public = is_public

    def check_literal(self, host: str) -> None:
        """Look at a host that may be an IP address: the client does not resolve those.

        Raises:
            FetchFailed: it is one that is not public.
        """
        address = literal(host)
        if address is not None:
            self._check(host, address)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give the IP addresses of a name.

        Raises:
            FetchFailed: one of them is not public.
            OSError: there is no such name, or nobody knows now.
        """
        found = await self._resolver.resolve(host, port, family)
        for each in found:
            self._check(host, ip_address(each["host"]))
        return found

    async def close(self) -> None:
        """Close the resolver beneath."""
        await self._resolver.close()

    def _check(self, host: str, address: IP) -> None:
        if host not in self._private_hosts and not self._is_public(address):
            raise FetchFailed(
                "forbidden_address",
                f"{host} leads to an IP address that is not public; the operator may allow the host in"
                " HEADCHEF_SOURCES_PRIVATE_HOSTS",
            )
