"""Answers planned steps from earlier answers, and keeps what was accepted.

Consumes steps.planned, steps.planned.bulk and cache.settled; produces steps.completed (hits), and all others into
steps.dispatched.<lane> or steps.dispatched.<lane>.bulk.
"""

from collections.abc import Sequence

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.steps import StepPlanned

from headchef.cache.counting import count_lookups
from headchef.cache.exact import ExactLookup
from headchef.cache.guarded import GuardedStore
from headchef.cache.policy import CachePolicy, Choice, choose, express
from headchef.cache.settling import Settling
from headchef.cache.validity import serving
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import BatchHandler, Delivery, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics


class CacheHandler(BatchHandler):
    """One lookup and one put for each batch, whatever its size.

    A batch stores before it looks up, so that a step finds what was settled before it.

    Args:
        store: where answers lie; it may be away, and says so.
        policy: how long they serve.
        clock: dates decisions and expires answers.
        metrics: counts lookups, what was stored and what was saved.
    """

    def __init__(self, store: GuardedStore, policy: CachePolicy, clock: Clock, metrics: Metrics) -> None:
        self._settling = Settling(store, policy, metrics)
        self._exact = ExactLookup(store)
        self._clock = clock
        self._metrics = metrics

    async def handle_batch(self, deliveries: Sequence[Delivery], state: State) -> Sequence[Outcome]:
        """Give one outcome a delivery; what is worth keeping is stored when this returns.

        Raises:
            InvariantBroken: a topic held another event.
        """
        await self._settling.keep(deliveries)
        found = await self._exact.find(deliveries)
        now = self._clock.now()
        choices: list[Choice] = []
        outcomes: list[Outcome] = []
        for delivery in deliveries:
            match delivery.event:
                case StepPlanned(step=step):
                    choice = choose(step, serving(found.of(step), now), reachable=found.reachable)
                    choices.append(choice)
                    outcomes.append(Outcome((express(step, choice, now, delivery.cause),)))
                case CacheSettled():
                    outcomes.append(Outcome())
                case other:
                    raise InvariantBroken(f"{delivery.topic} holds {type(other).__name__}")
        count_lookups(choices, self._metrics)
        return outcomes
