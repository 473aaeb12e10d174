"""After a freeze nothing is paid for until the group has answered a question that was asked after it."""

import asyncio

import pytest

from headchef.runtime.freeze import FreezeGuard
from tests.support.manual_clock import ManualClock

GAP_S = 3.0


class Process:
    """A guard on watch, and how often it has asked for another round."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.guard = FreezeGuard(self.clock, GAP_S)
        self.rejoins = 0
        self._watching = asyncio.ensure_future(self.guard.watch(self._rejoin))

    async def may_pay(self) -> bool:
        """Say whether a call may start now."""
        waiting = asyncio.ensure_future(self.guard.wait())
        await asyncio.sleep(0)
        done = waiting.done()
        waiting.cancel()
        return done

    def _rejoin(self) -> None:
        self.rejoins += 1


@pytest.fixture
async def process() -> Process:
    made = Process()
    await asyncio.sleep(0)
    return made


async def test_a_freeze_asks_for_a_round_and_withholds_leave_until_its_answer(process: Process) -> None:
    assert await process.may_pay()
    process.clock.advance(GAP_S + 1)
    assert not await process.may_pay()
    assert process.rejoins == 1
    process.guard.joining()
    assert not await process.may_pay()
    process.guard.assigned()
    assert await process.may_pay()


async def test_a_share_that_was_asked_for_before_a_freeze_gives_no_leave(process: Process) -> None:
    process.guard.joining()
    process.clock.advance(GAP_S + 1)
    assert not await process.may_pay()
    process.guard.assigned()
    assert not await process.may_pay()
    assert process.rejoins == 2, "the first request may have been lost in the join that ends here"


async def test_a_freeze_that_the_answer_itself_brings_to_light_gives_no_leave(process: Process) -> None:
    process.guard.joining()
    process.clock.advance(GAP_S + 1)
    process.guard.assigned()
    assert not await process.may_pay()
    assert process.rejoins > 0


async def test_a_freeze_between_the_question_and_the_first_tick_gives_no_leave() -> None:
    clock = ManualClock()
    guard, rejoins = FreezeGuard(clock, GAP_S), list[None]()
    guard.joining()
    clock.advance(GAP_S + 1)
    watching = asyncio.ensure_future(guard.watch(lambda: rejoins.append(None)))
    await asyncio.sleep(0)
    guard.assigned()
    waiting = asyncio.ensure_future(guard.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert rejoins, "what was asked before it says nothing about the present"
    guard.joining()
    guard.assigned()
    await waiting
    watching.cancel()


async def test_time_that_passes_in_small_steps_is_no_freeze(process: Process) -> None:
    for _ in range(10):
        process.clock.advance(GAP_S / 4)
        await asyncio.sleep(0)
    assert await process.may_pay()
    assert process.rejoins == 0
