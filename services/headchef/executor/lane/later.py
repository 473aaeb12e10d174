"""Leaves the quota to others while something is read for a call, and waits for it again before the call.

Calls that are held up together would else come all at once: what each held was gained again by the bucket meanwhile.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef.executor.lane.estimate import Demand
from headchef.executor.lane.pool import SOON_S, Pool
from headchef.runtime.clock import Clock


@asynccontextmanager
async def without_quota(pool: Pool, demand: Demand, clock: Clock) -> AsyncIterator[None]:
    """Give back what a call holds for as long as the context lasts; it keeps its place.

    Args:
        pool: decides by the quota.
        demand: what the call is taken to use, which it holds before and after, however the context ends.
        clock: for waiting.
    """
    pool.give_back(demand, None, clock.monotonic())
    try:
        yield
        # Where no task is owned any more there is nothing to wait for: whoever asks is told so next.
        while wait_s := pool.flows_s(demand, clock.monotonic()):
            await clock.sleep(wait_s + SOON_S)
    finally:
        pool.hold(demand, clock.monotonic())
