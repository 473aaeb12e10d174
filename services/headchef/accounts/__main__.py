"""Assembles the keeping of accounts, and runs it: `python -m headchef.accounts`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef_contracts import topics

from headchef.accounts.budgets import BUDGETS, SETTLED, Keeper
from headchef.accounts.handler import AccountsHandler
from headchef.accounts.pools import JUDGING, OBSERVED, POOLS, SERVED
from headchef.accounts.reservations import HOLDERS, TOLD
from headchef.runtime.host import run
from headchef.runtime.processor import Input, Processor, Store
from headchef.runtime.surroundings import Surroundings
from headchef.tenants import TenantsInForce

NAME = "accounts"


@asynccontextmanager
async def assemble(surroundings: Surroundings) -> AsyncIterator[Processor]:
    """Build the processor; it has no settings of its own.

    Args:
        surroundings: what the host lends.
    """
    yield processor(surroundings)


def processor(surroundings: Surroundings) -> Processor:
    """Tell the runtime of the processor.

    Args:
        surroundings: what the host lends.
    """
    tenants = TenantsInForce(NAME)
    return Processor(
        name=NAME,
        inputs=(Input("reservations.asked"), Input("budgets.booked"), Input("cache.observed")),
        handler=AccountsHandler(clock=surroundings.clock, keeper=Keeper(tenants)),
        stores=(
            # At least once a run that has given a value back must not get it again while it is still written as held.
            Store(TOLD, window_s=_kept_s(TOLD)),
            Store(HOLDERS),
            # And a question may be known as settled that is not counted, but never the reverse.
            Store(SETTLED, window_s=_kept_s(SETTLED)),
            Store(BUDGETS),
            # The same of what was observed, and of whom an answer has served.
            Store(OBSERVED, window_s=_kept_s(OBSERVED)),
            Store(SERVED, window_s=_kept_s(SERVED)),
            Store(JUDGING),
            Store(POOLS),
        ),
        timers=True,
        broadcasts=(tenants.broadcast,),
    )


def _kept_s(store: str) -> float:
    return topics.topic(f"{NAME}.{store}.changelog").retention_ms / 1000


def main() -> None:
    """Run it as a process of its own."""
    run(assemble, NAME)


if __name__ == "__main__":
    main()
