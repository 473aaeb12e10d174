"""Runs an executor as a process of its own: `python -m headchef.executor`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef.catalogue import Catalogue, resolve
from headchef.catalogue import load as load_catalogue
from headchef.executor.calling import open_provider
from headchef.executor.handler import ExecutorHandler
from headchef.executor.lane.estimate import Estimator
from headchef.executor.lane.halts import Halts
from headchef.executor.lane.lane import Lane
from headchef.executor.lane.pace import Pace
from headchef.executor.lane.pool import Pool
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
        lane = open_lane(catalogue, settings, surroundings)
        handler = ExecutorHandler(
            lane=settings.lane,
            catalogue=catalogue,
            provider=provider,
            retry=RetryPolicy(max_attempts=settings.max_attempts, window_s=settings.retry_window_s),
            clock=surroundings.clock,
            random=surroundings.random,
            permit=surroundings.permit,
            quota=lane,
            metrics=surroundings.metrics,
        )
        yield processor(handler, settings, lane)


def open_lane(catalogue: Catalogue, settings: Settings, surroundings: Surroundings) -> Lane:
    """Give what keeps a lane within its quota.

    Args:
        catalogue: has the quota and the models.
        settings: which lane, and how many calls at once in this process.
        surroundings: clock and metrics.
    """
    clock, quota = surroundings.clock, catalogue.lanes[settings.lane].quota
    estimator = Estimator(catalogue.models, counts_tokens=bool(quota.a_minute.keys() - {"requests"}))
    halts = Halts(settings.lane)
    pool = Pool(quota, clock.monotonic())
    pace = None if quota.a_minute or quota.concurrency is not None else Pace(settings.concurrency)
    lane = Lane(pool, halts, pace, places=settings.concurrency, estimator=estimator, clock=clock)
    if pace is not None:
        surroundings.metrics.gauge("headchef.lane.concurrency", lambda: [(pace.limit, {"lane": settings.lane})])
    surroundings.metrics.gauge(
        "headchef.lane.halted",
        lambda: [
            (1, {"lane": settings.lane, "model": model or "", "reason": why.reason}) for model, why in halts.standing()
        ],
    )
    surroundings.metrics.gauge(
        "headchef.lane.left",
        lambda: [(left, {"lane": settings.lane, "resource": resource}) for resource, left in lane.levels().items()],
    )
    return lane


def processor(handler: ExecutorHandler, settings: Settings, lane: Lane) -> Processor:
    """Tell the runtime of the executor of one lane.

    Args:
        handler: handles its steps.
        settings: which lane, and how many calls at once; as many steps may wait to be tried again.
        lane: says when a step may begin.
    """
    return Processor(
        name=f"executor.{settings.lane}",
        inputs=(Input(f"steps.dispatched.{settings.lane}"),),
        handler=handler,
        timers=True,
        waiting=settings.concurrency,
        order="concurrent",
        concurrency=settings.concurrency,
        admission=lane,
    )


def main() -> None:
    """Run until told to stop."""
    run(assemble, "executor")


if __name__ == "__main__":
    main()
