"""Assembles the processor that calls functions, and runs it: `python -m headchef.functions`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef import tenancy
from headchef.functions.handler import Calling, FunctionsHandler
from headchef.functions.settings import FunctionsSettings
from headchef.functions.workshop import Workshop
from headchef.runtime.host import run
from headchef.runtime.processor import Processor, pair
from headchef.runtime.settings import load
from headchef.runtime.surroundings import Surroundings


@asynccontextmanager
async def assemble(surroundings: Surroundings) -> AsyncIterator[Processor]:
    """Build the processor from the environment's settings; what it calls functions in ends with the context.

    Args:
        surroundings: what the host lends.

    Raises:
        BadSettings: a setting is wrong.
    """
    settings = load(FunctionsSettings)
    workshop = Workshop(settings.processes, settings.max_output_bytes)
    try:
        yield processor(workshop, settings.processes, surroundings)
    finally:
        workshop.close()


def processor(calling: Calling, at_once: int, surroundings: Surroundings) -> Processor:
    """Tell the runtime of the processor.

    Args:
        calling: calls functions.
        at_once: how many of them; no call that has begun waits for another.
        surroundings: what the host lends.
    """
    return Processor(
        name="functions",
        inputs=pair("calls.planned", flow=tenancy.of_call),
        handler=FunctionsHandler(calling=calling, clock=surroundings.clock, metrics=surroundings.metrics),
        order="concurrent",
        concurrency=at_once,
    )


def main() -> None:
    """Run as a process of its own."""
    run(assemble, "functions")


if __name__ == "__main__":
    main()
