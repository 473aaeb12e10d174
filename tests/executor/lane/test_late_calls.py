"""Calls for which something is read first keep to the quota, however long that takes."""

import asyncio

from headchef.catalogue import Quota
from headchef.executor.lane.estimate import Demand
from headchef.executor.lane.later import without_quota
from headchef.executor.lane.pool import Pool
from tests.support.manual_clock import ManualClock

A_MINUTE, STEPS = 60, 10
DEMAND = Demand("m", 1, 100, 50, 200)


def full_pool(clock: ManualClock) -> Pool:
    pool = Pool(Quota({"requests": A_MINUTE}, None, True), clock.monotonic(), 0.0)
    pool.own(1, 1, clock.monotonic())
    clock.advance(1000)
    return pool


async def test_steps_that_were_held_up_together_do_not_call_together() -> None:
    clock, read = ManualClock(), asyncio.Event()
    pool = full_pool(clock)
    began_s: list[float] = []

    async def call() -> None:
        async with without_quota(pool, DEMAND, clock):
            await read.wait()
        began_s.append(clock.monotonic())

    calls = []
    for _ in range(STEPS):
        wait_s = pool.wait_s(DEMAND, clock.monotonic())
        assert wait_s is not None
        clock.advance(wait_s)
        pool.take(DEMAND, clock.monotonic())
        calls.append(asyncio.create_task(call()))
        await asyncio.sleep(0)
    clock.advance(20)
    read.set()
    while len(began_s) < STEPS:
        await asyncio.sleep(0)
        clock.advance(0.01)
    await asyncio.gather(*calls)
    for first in range(STEPS):
        for last in range(first, STEPS):
            assert last - first + 1 <= 2 + (began_s[last] - began_s[first]) * A_MINUTE / 60


async def test_who_is_ended_while_waiting_holds_what_it_held() -> None:
    clock = ManualClock()
    pool = full_pool(clock)
    pool.take(DEMAND, clock.monotonic())
    held_s = pool.flows_s(DEMAND, clock.monotonic())

    async def call() -> None:
        async with without_quota(pool, DEMAND, clock):
            await asyncio.Event().wait()

    waiting = asyncio.create_task(call())
    await asyncio.sleep(0)
    assert pool.flows_s(DEMAND, clock.monotonic()) == 0
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert held_s
    assert pool.flows_s(DEMAND, clock.monotonic()) == held_s
