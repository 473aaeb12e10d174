"""Keeps accounts: of what must hold across partitions, each has one owner, a task of this processor.

Consumes reservations.asked, what jobs want to hold and what they give back; produces reservations.answered. Consumes
budgets.booked, what tasks of the router draw and what questions took; produces budgets.answered and budgets.warned.
Consumes cache.observed, what is known of reused answers; produces cache.bounds, and judgements.planned where a model is
to say whether two answers are the same; what it has said comes back, and is told as all that is observed.
"""

from headchef_contracts.events.bounds import CacheObserved
from headchef_contracts.events.budgets import BudgetAsked, BudgetSettled
from headchef_contracts.events.common import Decided
from headchef_contracts.events.judgements import JudgementAsked, JudgementEnded
from headchef_contracts.events.reservations import ReservationAsked, ReservationReleased

from headchef.accounts import pools, reservations
from headchef.accounts.budgets import Keeper
from headchef.accounts.budgets.granting import POLICY_VERSION as BUDGETS_VERSION
from headchef.accounts.reservations.policy import POLICY_VERSION
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Delivery, Outcome, State, Timer


class AccountsHandler:
    """Handles one event at a time, in order.

    Args:
        clock: for the time of decisions.
        keeper: keeps the accounts of tenants with a budget.
    """

    def __init__(self, *, clock: Clock, keeper: Keeper) -> None:
        self._clock = clock
        self._keeper = keeper

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Change an account, and answer whoever has asked.

        Raises:
            InvariantBroken: the topic held another event.
        """
        if delivery.timer is not None:
            return self._gone_off(delivery, delivery.timer, state)
        match delivery.event:
            case ReservationAsked() as asked:
                return reservations.answer(asked, state, self._decided(delivery, POLICY_VERSION))
            case ReservationReleased() as released:
                return reservations.release(released, state)
            case BudgetAsked() as drawn:
                return self._keeper.asked(drawn, state, self._decided(delivery, BUDGETS_VERSION))
            case BudgetSettled() as settled:
                return self._keeper.settled(settled, state, self._decided(delivery, BUDGETS_VERSION))
            case CacheObserved() as observed:
                return pools.observe(observed, state, self._decided(delivery, pools.POLICY_VERSION))
            case JudgementAsked() as judgement:
                return pools.judging.ask(judgement, state, self._decided(delivery, pools.POLICY_VERSION))
            case JudgementEnded() as judged:
                decided = self._decided(delivery, pools.POLICY_VERSION)
                return pools.judging.hear(judged, state, decided, delivery.record.partition)
            case _:
                raise InvariantBroken(f"no account is kept of {type(delivery.event).__name__}")

    def _gone_off(self, delivery: Delivery, timer: Timer, state: State) -> Outcome:
        if timer.id.startswith(pools.judging.PREFIX):
            return pools.judging.give_up(timer, state, self._clock.now(), delivery.record.partition)
        if timer.id.startswith(pools.PREFIX):
            return pools.forget(timer, state, self._clock.now())
        return self._keeper.forget(timer)

    def _decided(self, delivery: Delivery, policy_version: str) -> Decided:
        return Decided(
            at=self._clock.now(),
            seed=0,
            catalog_version=None,
            policy_version=policy_version,
            causes=(delivery.cause,),
        )
