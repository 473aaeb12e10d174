"""At least once, where a crash falls between outputs and stores: all questions end, and the bound is the stated one."""

from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from headchef_contracts.events.budgets import BudgetAnswered

from headchef.router.purses.purse import PURSES, read_purse
from headchef.runtime.processor import Change, Delivery
from tests.accounts.budgets.exchange import Exchange
from tests.router.conftest import FakeState

STORES = ("parked", "purses", "jobs", "seen")
ACCOUNTS = ("settled", "budgets")
"""In the order in which they are written: headchef/router/__main__.py and headchef/accounts/__main__.py."""

QUESTION, TAKEN = 100, 60


class Crashing(Exchange):
    """An exchange whose tasks and account crash now and then between two writes, and are given the same again.

    Args:
        chance: says when.
        share: of deliveries that end in a crash.

    Attributes:
        held: tokens that tasks had in their purses, or had just been granted, when they crashed.
    """

    def __init__(self, chance: Random, share: float) -> None:
        super().__init__()
        self.held = 0
        self._chance = chance
        self._share = share

    async def hand(self, delivery: Delivery, task: int) -> None:
        """Hand a task a delivery, and perhaps once more."""
        if self._chance.random() < self._share:
            door = self.doors[task]
            if (written := door.state.get(PURSES, b"acme")) is not None:
                self.held += read_purse(written).left.tokens or 0
            if isinstance(answer := delivery.event, BudgetAnswered) and answer.granted is not None:
                self.held += answer.granted.amount.tokens or 0
            outcome = await door.handler.handle(delivery, door.state)
            self._write(door.state, outcome.changes, STORES)
            self.take(task, outcome)
        await super().hand(delivery, task)

    async def book(self, delivery: Delivery) -> None:
        """Hand the account a delivery, and perhaps once more."""
        if self._chance.random() < self._share:
            outcome = await self.account.handle(delivery, self.state)
            self._write(self.state, outcome.changes, ACCOUNTS)
            self.spread(outcome)
        await super().book(delivery)

    def _write(self, state: FakeState, changes: Sequence[Change], stores: Sequence[str]) -> None:
        """Write the first few stores."""
        whole = stores[: self._chance.randrange(len(stores))]
        for change in changes:
            if change.store in whole:
                state.values.pop((change.store, change.key), None)
                state.apply((change,) if change.value is not None else ())


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 25), st.integers(0, 3_000), st.integers(0, 2**32), st.sampled_from([0.05, 0.3]))
async def test_all_ends_and_no_more_is_spent_than_the_limit_and_what_tasks_held_at_crashes(
    jobs: int, limit: int, seed: int, share: float
) -> None:
    chance = Random(seed)
    exchange = Crashing(chance, share)
    await exchange.set(budget={"day": {"tokens": limit}})
    for number in range(jobs):
        await exchange.submit(f"job-{number}", conversation_id=f"c{chance.randrange(6)}")
        for _ in range(chance.randrange(4)):
            await exchange.drawn(chance, TAKEN)
    for _ in range(400):
        while await exchange.drawn(chance, TAKEN):
            pass
        if not any(exchange.timers):
            break
        await exchange.ring(31)
    assert not any(exchange.timers), "nothing waits for ever"
    asked = {each.step.job.job_id for each in exchange.planned}
    ended = {each.job.job_id for each in exchange.finished}
    assert asked | ended == {f"job-{number}" for number in range(jobs)}
    assert len(asked) * TAKEN <= limit + exchange.held, "a question that is asked twice is asked once of the cache"
