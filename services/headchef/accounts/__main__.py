"""Assembles the keeping of accounts, and runs it: `python -m headchef.accounts`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef_contracts import topics

from headchef.accounts.handler import AccountsHandler
from headchef.accounts.reservations import HOLDERS, TOLD
from headchef.runtime.host import run
from headchef.runtime.processor import Input, Processor, Store
from headchef.runtime.surroundings import Surroundings

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
    told_s = topics.topic(f"{NAME}.{TOLD}.changelog").retention_ms / 1000
    return Processor(
        name=NAME,
        inputs=(Input("reservations.asked"),),
        handler=AccountsHandler(clock=surroundings.clock),
        # At least once a run that has given a value back must not get it again while it is still written as held.
        stores=(Store(TOLD, window_s=told_s), Store(HOLDERS)),
    )


def main() -> None:
    """Run it as a process of its own."""
    run(assemble, NAME)


if __name__ == "__main__":
    main()
