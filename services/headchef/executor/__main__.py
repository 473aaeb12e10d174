"""Runs an executor as a process of its own: `python -m headchef.executor`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef.catalogue import load as load_catalogue
from headchef.catalogue import resolve
from headchef.executor.calling import open_provider
from headchef.executor.handler import ExecutorHandler
from headchef.executor.policy import RetryPolicy
from headchef.executor.settings import Settings
from headchef.runtime.host import run
from headchef.runtime.processor import Input, Processor
from headchef.runtime.settings import load
from headchef.runtime.surroundings import Surroundings


@asynccontextmanager
async def assemble(surroundings: Surroundings) -> AsyncIterator[Processor]:
    """Build the executor of one lane from the environment's settings.

    Args:
        surroundings: what the host lends.

    Raises:
        BadSettings: a setting is wrong, the catalogue is, or the lane's address or credential is missing.
    """
    settings = load(Settings)
    catalogue = load_catalogue(settings.catalogue)
    endpoint = resolve(catalogue, settings.lane, os.environ)
    account = catalogue.lanes[settings.lane].provider
    async with open_provider(endpoint, account, settings, surroundings.clock) as provider:
        handler = ExecutorHandler(
            lane=settings.lane,
            catalogue=catalogue,
            provider=provider,
            retry=RetryPolicy(max_attempts=settings.max_attempts, window_s=settings.retry_window_s),
            clock=surroundings.clock,
            random=surroundings.random,
            permit=surroundings.permit,
            metrics=surroundings.metrics,
        )
        yield processor(handler, settings)


def processor(handler: ExecutorHandler, settings: Settings) -> Processor:
    """Tell the runtime of the executor of one lane.

    Args:
        handler: handles its steps.
        settings: which lane, and how many calls at once; as many steps may wait to be tried again.
    """
    return Processor(
        name=f"executor.{settings.lane}",
        inputs=(Input(f"steps.dispatched.{settings.lane}"),),
        handler=handler,
        timers=True,
        waiting=settings.concurrency,
        order="concurrent",
        concurrency=settings.concurrency,
    )


def main() -> None:
    """Run until told to stop."""
    run(assemble, "executor")


if __name__ == "__main__":
    main()
