"""Assembles the counting of batches, and runs it: `python -m headchef.batches`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from headchef_contracts import topics

from headchef.batches.account import ACCOUNTS, MEMBERS
from headchef.batches.handler import BatchesHandler
from headchef.batches.heard import Heard
from headchef.batches.settings import BatchesSettings
from headchef.runtime.host import run
from headchef.runtime.processor import Input, Processor, Store
from headchef.runtime.settings import load
from headchef.runtime.surroundings import Surroundings

NAME = "batches"


@asynccontextmanager
async def assemble(surroundings: Surroundings) -> AsyncIterator[Processor]:
    """Build the processor from the environment's settings.

    Args:
        surroundings: what the host lends.

    Raises:
        BadSettings: a setting is wrong.
    """
    yield processor(load(BatchesSettings), surroundings)


def processor(settings: BatchesSettings, surroundings: Surroundings) -> Processor:
    """Tell the runtime of the processor.

    Args:
        settings: its limits.
        surroundings: what the host lends.
    """
    remembered_s = topics.topic(f"{NAME}.{MEMBERS}.changelog").retention_ms / 1000
    heard = Heard()
    return Processor(
        name=NAME,
        inputs=(Input("jobs.finished"), Input("jobs.refused"), Input("batches.counted")),
        handler=BatchesHandler(
            clock=surroundings.clock,
            remembered=timedelta(seconds=remembered_s),
            homes=settings.homes,
            warm_up=settings.warm_up,
            heard=heard,
        ),
        # At least once a job may say that it was counted while its batch does not know it, and never the reverse.
        stores=(Store(MEMBERS, window_s=remembered_s), Store(ACCOUNTS)),
        timers=True,
        broadcasts=(heard.broadcast,),
    )


def main() -> None:
    """Run it as a process of its own."""
    run(assemble, NAME)


if __name__ == "__main__":
    main()
