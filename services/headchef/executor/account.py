"""What an executor works with: the catalogue in force with its account opened; a former account lives for its calls."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from headchef.catalogue import Catalogue, Endpoint, resolve
from headchef.catalogue import Provider as Account
from headchef.executor.provider import Provider

Open = Callable[[Endpoint, Account], AbstractAsyncContextManager[Provider]]
"""Opens connections to an account."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """What one delivery is handled with, from its beginning to its end.

    Attributes:
        catalogue: models and prices.
        provider: the lane's account, as this catalogue has it.
    """

    catalogue: Catalogue
    provider: Provider


Equip = Callable[[], AbstractAsyncContextManager[Equipment]]
"""Lends what is in force for as long as the block runs."""


@dataclass(slots=True)
class _Opened:
    provider: Provider
    closing: AsyncExitStack
    users: int = 0


class Accounts:
    """Keeps the account of one lane open, and opens it anew when the catalogue gives another address or credential.

    Args:
        lane: whose account it is.
        environment: the variables that a catalogue may name.
        open_account: opens connections.
    """

    def __init__(self, lane: str, environment: Mapping[str, str], open_account: Open) -> None:
        self._lane = lane
        self._environment = environment
        self._open_account = open_account
        self._open: list[_Opened] = []
        self._known: tuple[Endpoint, Account] | None = None
        self._catalogue: Catalogue | None = None

    async def use(self, catalogue: Catalogue) -> None:
        """Work with a catalogue from now on; what has begun ends with the one that it began with.

        Raises:
            BadCatalogue: it has not this lane, or its address or credential is missing here. Nothing has changed.
        """
        endpoint = resolve(catalogue, self._lane, self._environment)
        account = catalogue.lanes[self._lane].provider
        known = (endpoint, replace(account, line=0))
        if known != self._known:
            closing = AsyncExitStack()
            provider = await closing.enter_async_context(self._open_account(endpoint, account))
            self._open.append(_Opened(provider, closing))
            self._known = known
        self._catalogue = catalogue
        await self._close_unused()

    @asynccontextmanager
    async def equipment(self) -> AsyncIterator[Equipment]:
        """Lend what is in force, which stays open until it is given back."""
        if self._catalogue is None:
            raise AssertionError("nothing is in force before the first catalogue")
        opened = self._open[-1]
        opened.users += 1
        try:
            yield Equipment(self._catalogue, opened.provider)
        finally:
            opened.users -= 1
            await self._close_unused()

    async def close(self) -> None:
        """Close all, whatever still uses it."""
        while self._open:
            await self._open.pop().closing.aclose()

    async def _close_unused(self) -> None:
        """Close former accounts whose last call has ended."""
        while unused := [each for each in self._open[:-1] if not each.users]:
            self._open.remove(unused[0])
            await unused[0].closing.aclose()
