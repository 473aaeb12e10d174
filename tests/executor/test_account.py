"""The account in use follows the catalogue, and a former one lives until its last call has ended."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from headchef.catalogue import BadCatalogue, Catalogue, Endpoint, read
from headchef.catalogue import Provider as Account
from headchef.executor.account import Accounts
from tests.executor.fakes import ScriptedProvider, answered
from tests.support.manual_clock import ManualClock
from tests.support.published import ONE_MODEL

DEARER = ONE_MODEL.replace("input: 1", "input: 3")
MOVED = ONE_MODEL.replace("127.0.0.1:1", "127.0.0.1:2")
KEYED = ONE_MODEL.replace('/v1"', '/v1", api_key_env: ACME_KEY')
SHIFTED = "# One line more.\n" + ONE_MODEL


class Opened(ScriptedProvider):
    """A provider that knows where it is, and whether it is closed."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__([answered()], ManualClock())
        self.endpoint = endpoint
        self.closed = False


class Street:
    """Accounts at which each opening is seen."""

    def __init__(self) -> None:
        self.opened: list[Opened] = []
        self.environment: dict[str, str] = {}
        self.accounts = Accounts("default", self.environment, self._open)

    @asynccontextmanager
    async def _open(self, endpoint: Endpoint, account: Account) -> AsyncIterator[Opened]:
        provider = Opened(endpoint)
        self.opened.append(provider)
        yield provider
        provider.closed = True

    @property
    def closed(self) -> list[bool]:
        return [each.closed for each in self.opened]


def catalogue_of(text: str) -> Catalogue:
    return read(text.encode(), Path("catalogue.yaml"), Path())


@pytest.mark.parametrize("text", [DEARER, SHIFTED])
async def test_what_is_not_about_the_account_leaves_it_open(text: str) -> None:
    street = Street()
    await street.accounts.use(catalogue_of(ONE_MODEL))
    await street.accounts.use(catalogue_of(text))
    async with street.accounts.equipment() as equipment:
        assert equipment.catalogue == catalogue_of(text)
    assert street.closed == [False]


async def test_a_call_ends_at_the_address_at_which_it_began() -> None:
    street = Street()
    await street.accounts.use(catalogue_of(ONE_MODEL))
    async with street.accounts.equipment() as before:
        async with street.accounts.equipment() as other:
            await street.accounts.use(catalogue_of(MOVED))
            assert other.provider is before.provider
        assert street.closed == [False, False], "a call is going on"
        assert before.catalogue.version == catalogue_of(ONE_MODEL).version
        async with street.accounts.equipment() as after:
            assert after.provider is street.opened[1]
            assert after.catalogue.version == catalogue_of(MOVED).version
    assert street.closed == [True, False]
    await street.accounts.close()
    assert street.closed == [True, True]


async def test_another_key_opens_the_account_anew() -> None:
    street = Street()
    await street.accounts.use(catalogue_of(ONE_MODEL))
    street.environment["ACME_KEY"] = "sk-1"
    await street.accounts.use(catalogue_of(KEYED))
    assert street.closed == [True, False]
    assert street.opened[1].endpoint.api_key is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (KEYED, r"catalogue\.yaml:3: .*ACME_KEY is not set"),
        (
            ONE_MODEL.replace("{default: {provider", "{other: {provider").replace("lane: default", "lane: other"),
            "default",
        ),
    ],
)
async def test_one_that_cannot_be_used_here_changes_nothing(text: str, says: str) -> None:
    street = Street()
    await street.accounts.use(catalogue_of(ONE_MODEL))
    with pytest.raises(BadCatalogue, match=says):
        await street.accounts.use(catalogue_of(text))
    async with street.accounts.equipment() as equipment:
        assert (equipment.catalogue, equipment.provider) == (catalogue_of(ONE_MODEL), street.opened[0])
    assert street.closed == [False]
