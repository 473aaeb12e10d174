"""Answers planned steps from earlier answers, and keeps what was accepted.

Consumes steps.planned, steps.planned.bulk and cache.settled; produces steps.completed (hits), and all others into
steps.dispatched.<lane> or steps.dispatched.<lane>.bulk. A step that is equal to one that is being asked waits, as
state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.steps import Step, StepPlanned

from headchef.cache.counting import count_lookups
from headchef.cache.exact import ExactLookup, Found
from headchef.cache.guarded import GuardedStore
from headchef.cache.policy import CachePolicy, Choice, Pass, choose, express
from headchef.cache.settling import Settling
from headchef.cache.store import StoredAnswer
from headchef.cache.validity import serving
from headchef.cache.waiting import Coalescing, Sitting, step_of
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import BatchHandler, Delivery, Outcome, State, Timer
from headchef.runtime.telemetry.metrics import Metrics


class CacheHandler(BatchHandler):
    """One lookup and one put for each batch, whatever its size.

    A batch stores before it looks up, so that a step finds what was settled before it.

    Args:
        store: where answers lie; it may be away, and says so.
        policy: how long they serve.
        coalescing: lets equal questions wait for one another.
        clock: dates decisions and expires answers.
        metrics: counts lookups, what was stored and what was saved.
    """

    def __init__(
        self, store: GuardedStore, policy: CachePolicy, coalescing: Coalescing, clock: Clock, metrics: Metrics
    ) -> None:
        self._settling = Settling(store, policy, metrics)
        self._exact = ExactLookup(store)
        self._coalescing = coalescing
        self._clock = clock
        self._metrics = metrics

    async def handle_batch(self, deliveries: Sequence[Delivery], state: State) -> Sequence[Outcome]:
        """Give one outcome a delivery; what is worth keeping is stored when this returns.

        Raises:
            InvariantBroken: a topic held another event.
        """
        answers = await self._settling.keep(deliveries)
        found = await self._exact.find([step for each in deliveries if (step := step_of(each)) is not None])
        now = self._clock.now()
        batch = _Batch(answers, found, self._coalescing.sit(state, now), now)
        outcomes = [batch.outcome(delivery) for delivery in deliveries]
        count_lookups((*batch.choices, *batch.sitting.choices), self._metrics)
        return outcomes


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is known of a batch when its deliveries are decided, one after the other.

    Attributes:
        answers: that were settled in it and may be given to others, by the id of their event.
        found: what the lookup came to.
        sitting: knows who waits.
        now: the wall clock's time.
        choices: what came of the steps that do not wait.
    """

    answers: Mapping[str, StoredAnswer]
    found: Found
    sitting: Sitting
    now: datetime
    choices: list[Choice] = field(default_factory=list)

    def outcome(self, delivery: Delivery) -> Outcome:
        """Decide what one delivery leads to. Raises as `handle_batch` does."""
        match delivery.event:
            case StepPlanned() as planned:
                return self._planned(planned, delivery)
            case CacheSettled() as settled:
                return self.sitting.settled(settled, self.answers.get(delivery.event_id), delivery.cause)
            case None if delivery.timer is not None:
                return self._gone_off(delivery.timer, step_of(delivery))
            case other:
                raise InvariantBroken(f"{delivery.topic} holds {type(other).__name__}")

    def _planned(self, planned: StepPlanned, delivery: Delivery) -> Outcome:
        step = planned.step
        choice = choose(step, serving(self.found.of(step), self.now), reachable=self.found.reachable)
        if isinstance(choice, Pass) and (waits := self.sitting.joins(planned, delivery)) is not None:
            return waits
        self.choices.append(choice)
        leads = self.sitting.leads(step, delivery.cause) if isinstance(choice, Pass) else Outcome()
        return replace(leads, outputs=(express(step, choice, self.now, delivery.cause),))

    def _gone_off(self, timer: Timer, step: Step | None) -> Outcome:
        if step is None:
            return self.sitting.goes_on(timer)
        return self.sitting.waited(timer, serving(self.found.of(step), self.now), reachable=self.found.reachable)
