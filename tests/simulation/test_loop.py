"""The loop under a simulation: a seed orders what is ready, waiting is free, a process can die or stand still."""

import asyncio
from collections.abc import Coroutine, Iterator
from random import Random
from typing import Any

import pytest

from tests.simulation.loop import Life, SeededLoop, context_of
from tests.support.virtual_time import NothingLeft


@pytest.fixture
def loop() -> Iterator[SeededLoop]:
    made = SeededLoop(Random(0))
    yield made
    made.close()


async def step(done: list[str], name: str, waits_s: float = 1.0) -> None:
    """Note that it began, waits, and ends one way or the other."""
    done.append(f"{name} begins")
    try:
        await asyncio.sleep(waits_s)
        done.append(f"{name} ends")
    finally:
        done.append(f"{name} cleans up")


def start(loop: SeededLoop, work: Coroutine[Any, Any, None], life: Life | None = None) -> None:
    """Run something beside the test, as part of a process if one is given."""
    task = loop.create_task(work, context=None if life is None else context_of(life))
    task.add_done_callback(lambda done: done.cancelled() or done.result())


def order_of(seed: int) -> list[str]:
    """Give the order in which ten tasks run that are ready at once."""
    made, done = SeededLoop(Random(seed)), list[str]()

    async def all_of_them() -> None:
        await asyncio.gather(*(step(done, str(number), 0) for number in range(10)))

    made.run_until_complete(all_of_them())
    made.close()
    return done


def test_the_seed_decides_who_runs_next() -> None:
    assert order_of(1) == order_of(1)
    assert order_of(1) != order_of(2)


def test_waiting_takes_virtual_time_alone(loop: SeededLoop) -> None:
    loop.run_until_complete(asyncio.sleep(86_400))
    assert loop.time() == 86_400


def test_waiting_for_what_nobody_does_is_an_error(loop: SeededLoop) -> None:
    with pytest.raises(NothingLeft):
        loop.run_until_complete(asyncio.Event().wait())


def test_nothing_of_a_dead_process_runs_not_even_what_cleans_up(loop: SeededLoop) -> None:
    done: list[str] = []
    life = Life("victim")
    start(loop, step(done, "victim"), life)
    loop.call_later(0.5, setattr, life, "dead", True)
    loop.run_until_complete(asyncio.sleep(60))
    assert done == ["victim begins"]


def test_a_frozen_process_goes_on_where_it_stood(loop: SeededLoop) -> None:
    done: list[str] = []
    life = Life("sleeper")
    start(loop, step(done, "sleeper"), life)
    loop.call_later(0.5, loop.freeze, life)
    loop.run_until_complete(asyncio.sleep(60))
    assert done == ["sleeper begins"]
    loop.thaw(life)
    loop.run_until_complete(asyncio.sleep(0))
    loop.run_until_complete(asyncio.sleep(1))
    assert done == ["sleeper begins", "sleeper ends", "sleeper cleans up"]
    assert (life.froze_s, life.thawed_s) == (0.5, 60)


def test_a_strike_meets_the_process_that_is_about_to_run(loop: SeededLoop) -> None:
    struck: list[str] = []

    def strike(life: Life) -> int:
        struck.append(life.name)
        life.dead = True
        return -1

    done: list[str] = []
    start(loop, step(done, "other"))
    start(loop, step(done, "victim"), Life("victim"))
    loop.strike_after(0, strike)
    loop.run_until_complete(asyncio.sleep(60))
    assert struck == ["victim"]
    assert done == ["other begins", "other ends", "other cleans up"]
