"""Assembles the processor that fetches documents, and runs it: `python -m headchef.fetcher`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef import tenancy
from headchef.bodies import Bodies, WithBodies
from headchef.bodies.opening import limit_outputs, open_bodies
from headchef.fetcher.handler import FetcherHandler, Fetching
from headchef.fetcher.settings import FetcherSettings
from headchef.runtime.host import run
from headchef.runtime.processor import Processor, pair
from headchef.runtime.settings import load
from headchef.runtime.surroundings import Surroundings
from headchef.sources.fetcher import open_fetcher
from headchef.sources.settings import SourceSettings


@asynccontextmanager
async def assemble(surroundings: Surroundings) -> AsyncIterator[Processor]:
    """Build the processor from the environment's settings; its connections end with the context.

    Args:
        surroundings: what the host lends.

    Raises:
        BadSettings: a setting is wrong.
    """
    settings, bodies = load(FetcherSettings), open_bodies(surroundings.clock, surroundings.metrics)
    limit_outputs("HEADCHEF_FETCHER_MAX_OUTPUT_BYTES", settings.max_output_bytes, bodies)
    async with open_fetcher(load(SourceSettings), surroundings.clock, surroundings.random) as fetcher:
        yield processor(fetcher, settings, surroundings, bodies)


def processor(
    fetching: Fetching, settings: FetcherSettings, surroundings: Surroundings, bodies: Bodies | None = None
) -> Processor:
    """Tell the runtime of the processor.

    Args:
        fetching: fetches documents.
        settings: its limits.
        surroundings: what the host lends.
        bodies: writes what was read, where that is large; None where no store is set.
    """
    handler = FetcherHandler(
        fetching=fetching,
        max_output_bytes=settings.max_output_bytes,
        clock=surroundings.clock,
        metrics=surroundings.metrics,
    )
    return Processor(
        name="fetcher",
        inputs=pair("fetches.planned", flow=tenancy.of_call),
        handler=handler if bodies is None else WithBodies(handler, bodies),
        order="concurrent",
        concurrency=settings.concurrency,
    )


def main() -> None:
    """Run as a process of its own."""
    run(assemble, "fetcher")


if __name__ == "__main__":
    main()
