"""Answers planned steps from earlier answers, and keeps what was accepted.

Consumes steps.planned, steps.planned.bulk, cache.settled and answers.corrected; produces steps.completed (hits), and
all others into steps.dispatched.<lane> or steps.dispatched.<lane>.bulk. A step that is equal to one that is being
asked waits, as state. What it learns of answers to other wordings of a question, and of answers that a person has found
wrong, it tells by cache.observed; the latter to all caches too, by answers.withdrawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.corrections import AnswerCorrected
from headchef_contracts.events.steps import Step, StepPlanned

from headchef.cache.correcting import Corrections
from headchef.cache.counting import count_lookups
from headchef.cache.exact import ExactLookup, Found
from headchef.cache.guarded import GuardedStore
from headchef.cache.invalidations import Invalidations
from headchef.cache.policy import CachePolicy, Choice, Pass, by_meaning, choose, express, served
from headchef.cache.semantic import ByMeaning, Looked
from headchef.cache.settling import Settling
from headchef.cache.standing import Standing
from headchef.cache.store import StoredAnswer
from headchef.cache.validity import serving
from headchef.cache.waiting import Coalescing, Sitting, step_of
from headchef.cache.withdrawn import Withdrawn
from headchef.homes import HOMES
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import BatchHandler, Delivery, Emit, Outcome, State, Timer
from headchef.runtime.telemetry.metrics import Metrics


class CacheHandler(BatchHandler):
    """One lookup and one put for each batch, whatever its size.

    A batch stores before it looks up, so that a step finds what was settled before it.

    Args:
        store: where answers lie; it may be away, and says so.
        policy: how long they serve.
        invalidations: what holds no longer.
        coalescing: lets equal questions wait for one another.
        clock: dates decisions and expires answers.
        metrics: counts lookups, what was stored and what was saved.
        meaning: looks for answers to other wordings; None for nobody.
        withdrawn: what people have found wrong; None where no other cache tells of it.
    """

    def __init__(
        self,
        store: GuardedStore,
        policy: CachePolicy,
        invalidations: Invalidations,
        coalescing: Coalescing,
        clock: Clock,
        metrics: Metrics,
        meaning: ByMeaning | None = None,
        withdrawn: Withdrawn | None = None,
    ) -> None:
        self._settling = Settling(store, policy, invalidations.taking_back, metrics)
        self._invalidations = invalidations
        self._exact = ExactLookup(store)
        self._coalescing = coalescing
        self._meaning = meaning
        self._withdrawn = Withdrawn() if withdrawn is None else withdrawn
        self._clock = clock
        self._metrics = metrics

    async def handle_batch(self, deliveries: Sequence[Delivery], state: State) -> Sequence[Outcome]:
        """Give one outcome a delivery; what is worth keeping is stored when this returns.

        Raises:
            InvariantBroken: a topic held another event.
        """
        corrections = Corrections(deliveries, self._withdrawn)
        answers = await self._settling.keep(deliveries, corrections, self._clock.now())
        observed = await self._learn(deliveries, answers)
        steps = [step for each in deliveries if (step := step_of(each)) is not None]
        exact = await self._exact.find(steps)
        looked = corrections.among_near(await self._look(deliveries, corrections.among(exact)))
        # Once more: looking by meaning takes seconds, in which people may have found more answers wrong.
        found = corrections.among(exact)
        homes, embedder = (HOMES, None) if self._meaning is None else (self._meaning.homes, self._meaning.embedder)
        # From here on nothing is awaited: what is known now is what all is decided by.
        now, standing = self._clock.now(), self._invalidations.standing()
        sitting = self._coalescing.sit(state, now, standing)
        batch = _Batch(answers, corrections, found, looked, observed, homes, embedder, sitting, standing, now)
        outcomes = [batch.outcome(delivery) for delivery in deliveries]
        count_lookups((*batch.choices, *batch.sitting.choices), self._metrics, known=standing.known)
        return outcomes

    async def _learn(
        self, deliveries: Sequence[Delivery], answers: Mapping[str, StoredAnswer]
    ) -> Mapping[str, tuple[Emit, ...]]:
        if self._meaning is None:
            return {}
        await self._meaning.forget([each.event for each in deliveries if isinstance(each.event, AnswerCorrected)])
        return await self._meaning.learn(deliveries, answers, self._clock.now())

    async def _look(self, deliveries: Sequence[Delivery], found: Found) -> Mapping[str, Looked]:
        """Look for answers to other wordings, where there is none to the very question and one would be reused."""
        if self._meaning is None or not found.reachable:
            return {}
        now, standing = self._clock.now(), self._invalidations.standing()
        missed = {
            delivery.event_id: delivery.event.step
            for delivery in deliveries
            if isinstance(delivery.event, StepPlanned)
            and delivery.event.step.semantic is not None
            and delivery.event.step.cache == "exact"
            and standing.only(serving(found.of(delivery.event.step), now)) is None
        }
        return await self._meaning.look(missed, now) if missed else {}


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is known of a batch when its deliveries are decided, one after the other.

    Attributes:
        answers: that were settled in it and may be given to others, by the id of their event.
        corrections: what people have found wrong.
        found: what the lookup came to, but for what is known to be wrong.
        looked: what is known of steps by their meaning, by the id of their event.
        observed: what is told of reused answers, by the id of the verdict.
        homes: accounts are kept in so many partitions, the first ones.
        embedder: whose vectors are compared; None where no meanings are.
        sitting: knows who waits.
        standing: knows what was invalidated.
        now: the wall clock's time.
        choices: what came of the steps that do not wait.
    """

    answers: Mapping[str, StoredAnswer]
    corrections: Corrections
    found: Found
    looked: Mapping[str, Looked]
    observed: Mapping[str, tuple[Emit, ...]]
    homes: int
    embedder: str | None
    sitting: Sitting
    standing: Standing
    now: datetime
    choices: list[Choice] = field(default_factory=list)

    def outcome(self, delivery: Delivery) -> Outcome:
        """Decide what one delivery leads to. Raises as `handle_batch` does."""
        match delivery.event:
            case StepPlanned() as planned:
                return self._planned(planned, delivery)
            case CacheSettled() as settled:
                answer = serving(self.answers.get(delivery.event_id), self.now)
                led_to = self.sitting.settled(settled, answer, delivery)
                told = self.observed.get(delivery.event_id, ())
                return replace(led_to, outputs=(*led_to.outputs, *told)) if told else led_to
            case AnswerCorrected() as corrected:
                return self.corrections.outcome(corrected, self.now, delivery.cause, self.embedder, self.homes)
            case None if delivery.timer is not None:
                return self._gone_off(delivery.timer, step_of(delivery))
            case other:
                raise InvariantBroken(f"{delivery.topic} holds {type(other).__name__}")

    def _planned(self, planned: StepPlanned, delivery: Delivery) -> Outcome:
        step, cause = planned.step, delivery.cause
        exact = choose(step, serving(self.found.of(step), self.now), reachable=self.found.reachable)
        choice = self.standing.of(by_meaning(exact, self.looked.get(delivery.event_id)))
        passes = isinstance(choice, Pass)
        if passes and (waits := self.sitting.joins(planned, cause, len(delivery.record.value or b""))) is not None:
            return waits
        self.choices.append(choice)
        way = express(step, choice, self.now, cause)
        told = served(step, choice, self.now, cause, self.homes)
        return Outcome((way, *told), self.sitting.leads(step, cause) if passes else ())

    def _gone_off(self, timer: Timer, step: Step | None) -> Outcome:
        if step is None:
            return self.sitting.goes_on(timer, lambda each: serving(self.corrections.without_wrong(each), self.now))
        return self.sitting.waited(timer, serving(self.found.of(step), self.now), reachable=self.found.reachable)
