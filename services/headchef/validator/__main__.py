"""Assembles the validator, and runs it: `python -m headchef.validator`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef_contracts.events.steps import Step

from headchef import checks
from headchef.bodies import Bodies, WithBodies
from headchef.bodies.opening import open_bodies
from headchef.homes import HOMES
from headchef.runtime.host import run
from headchef.runtime.processor import Input, Processor
from headchef.runtime.settings import load
from headchef.runtime.surroundings import Surroundings
from headchef.schema import SchemaCache
from headchef.validator.handler import ValidatorHandler
from headchef.validator.policy import JudgingPolicy
from headchef.validator.settings import ValidatorSettings


@asynccontextmanager
async def assemble(surroundings: Surroundings) -> AsyncIterator[Processor]:
    """Build the validator from the environment's settings.

    Args:
        surroundings: what the host lends.

    Raises:
        BadSettings: a setting is wrong.
    """
    yield processor(load(ValidatorSettings), surroundings, open_bodies(surroundings.clock, surroundings.metrics))


def processor(
    settings: ValidatorSettings, surroundings: Surroundings, bodies: Bodies | None = None, homes: int = HOMES
) -> Processor:
    """Tell the runtime of the validator.

    Args:
        settings: its limits.
        surroundings: what the host lends.
        bodies: reads answers, and writes outputs, that are large; None where no store is set.
        homes: accounts are kept in so many partitions, the first ones.
    """
    handler = ValidatorHandler(
        clock=surroundings.clock,
        metrics=surroundings.metrics,
        schemas=SchemaCache(settings.max_schemas),
        checks=checks.installed(),
        policy=JudgingPolicy(
            max_answer_characters=settings.max_answer_characters,
            max_findings=settings.max_findings,
            max_message_characters=settings.max_message_characters,
        ),
        homes=homes,
    )
    # The question is passed on as it came.
    opened = handler if bodies is None else WithBodies(handler, bodies, leave=Step)
    return Processor(name="validator", inputs=(Input("steps.completed"),), handler=opened)


def main() -> None:
    """Run the validator as a process of its own."""
    run(assemble, "validator")


if __name__ == "__main__":
    main()
