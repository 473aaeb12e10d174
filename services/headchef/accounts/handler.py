"""Keeps accounts: of what must hold across partitions, each has one owner, a task of this processor.

Consumes reservations.asked, what jobs want to hold and what they give back; produces reservations.answered.
"""

from headchef_contracts.events.common import Decided
from headchef_contracts.events.reservations import ReservationAsked, ReservationReleased

from headchef.accounts import reservations
from headchef.accounts.reservations.policy import POLICY_VERSION
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Delivery, Outcome, State


class AccountsHandler:
    """Handles one event at a time, in order.

    Args:
        clock: for the time of decisions.
    """

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Change an account, and answer whoever has asked.

        Raises:
            InvariantBroken: the topic held another event.
        """
        match delivery.event:
            case ReservationAsked() as asked:
                return reservations.answer(asked, state, self._decided(delivery, POLICY_VERSION))
            case ReservationReleased() as released:
                return reservations.release(released, state)
            case _:
                raise InvariantBroken(f"no account is kept of {type(delivery.event).__name__}")

    def _decided(self, delivery: Delivery, policy_version: str) -> Decided:
        return Decided(
            at=self._clock.now(),
            seed=0,
            catalog_version=None,
            policy_version=policy_version,
            causes=(delivery.cause,),
        )
