"""Assembles the processor that calls functions, and runs it: `python -m headchef.functions`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef import tenancy
from headchef.bodies import Bodies, WithBodies
from headchef.bodies.opening import limit_outputs, open_bodies
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
    settings, bodies = load(FunctionsSettings), open_bodies(surroundings.clock, surroundings.metrics)
    limit_outputs("HEADCHEF_FUNCTIONS_MAX_OUTPUT_BYTES", settings.max_output_bytes, bodies)
    workshop = Workshop(settings.processes, settings.max_output_bytes)
    try:
        yield processor(workshop, settings.processes, surroundings, bodies)
    finally:
        workshop.close()


def processor(calling: Calling, at_once: int, surroundings: Surroundings, bodies: Bodies | None = None) -> Processor:
    """Tell the runtime of the processor.

    Args:
        calling: calls functions.
        at_once: how many of them; no call that has begun waits for another.
        surroundings: what the host lends.
        bodies: reads arguments, and writes outputs, that are large; None where no store is set.
    """
    handler = FunctionsHandler(calling=calling, clock=surroundings.clock, metrics=surroundings.metrics)
    return Processor(
        name="functions",
        inputs=pair("calls.planned", flow=tenancy.of_call),
        handler=handler if bodies is None else WithBodies(handler, bodies),
        order="concurrent",
        concurrency=at_once,
    )


def main() -> None:
    """Run as a process of its own."""
    run(assemble, "functions")


if __name__ == "__main__":
    main()
