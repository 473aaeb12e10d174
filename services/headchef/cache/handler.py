"""Answers planned steps from earlier answers, and keeps what was accepted.

Consumes steps.planned, steps.planned.bulk and cache.settled; produces steps.completed (hits), and all others into
steps.dispatched.<lane> or steps.dispatched.<lane>.bulk.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.steps import StepPlanned

from headchef.cache.guarded import GuardedStore
from headchef.cache.policy import CachePolicy, Choice, Hit, choose, express, worth_keeping
from headchef.cache.store import Sought, StoredAnswer
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import BatchHandler, Delivery, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics

Found = Mapping[Sought, StoredAnswer | None]


class CacheHandler(BatchHandler):
    """One lookup and one put for each batch, whatever its size.

    A batch stores before it looks up, so that a step finds what was settled before it. While the store is away, what
    is settled is not kept (infra/decisions/0007): verdicts and lookups share a task, and jobs do not wait for a cache.

    Args:
        store: where answers lie; it may be away, and says so.
        policy: how long they serve.
        clock: dates decisions and expires answers.
        metrics: counts lookups, what was stored and what was saved.
    """

    def __init__(self, store: GuardedStore, policy: CachePolicy, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._metrics = metrics

    async def handle_batch(self, deliveries: Sequence[Delivery], state: State) -> Sequence[Outcome]:
        """Give one outcome a delivery; what is worth keeping is stored when this returns.

        Raises:
            InvariantBroken: a topic held another event.
        """
        await self._keep(deliveries)
        found = await self._find(deliveries)
        now = self._clock.now()
        kinds: Counter[str] = Counter()
        outcomes: list[Outcome] = []
        for delivery in deliveries:
            match delivery.event:
                case StepPlanned(step=step):
                    stored = found.get(Sought(step.job.tenant, step.fingerprint)) if found is not None else None
                    choice = choose(step, stored, reachable=found is not None, now=now)
                    kinds[self._kind(choice)] += 1
                    outcomes.append(Outcome((express(step, choice, now, delivery.cause),)))
                case CacheSettled():
                    outcomes.append(Outcome())
                case other:
                    raise InvariantBroken(f"{delivery.topic} holds {type(other).__name__}")
        for kind, count in kinds.items():
            self._metrics.count("headchef.cache.lookups", count, {"kind": kind})
        return outcomes

    async def _keep(self, deliveries: Sequence[Delivery]) -> None:
        answers = [
            answer
            for delivery in deliveries
            if isinstance(delivery.event, CacheSettled)
            and (answer := worth_keeping(delivery.event, delivery.cause, self._policy)) is not None
        ]
        if not answers:
            return
        kept = await self._store.put(answers)
        self._metrics.count("headchef.cache.stored" if kept else "headchef.cache.dropped", len(answers))

    async def _find(self, deliveries: Sequence[Delivery]) -> Found | None:
        sought = [
            Sought(event.step.job.tenant, event.step.fingerprint)
            for event in (delivery.event for delivery in deliveries)
            if isinstance(event, StepPlanned) and event.step.cache == "exact"
        ]
        if not sought:
            return {}
        answers = await self._store.lookup(sought)
        return None if answers is None else dict(zip(sought, answers, strict=True))

    def _kind(self, choice: Choice) -> str:
        if not isinstance(choice, Hit):
            return choice.kind
        saved_usd = choice.stored.cost_usd
        if saved_usd is not None:
            attributes = {"tenant": choice.stored.tenant, "model": choice.stored.model}
            self._metrics.count("headchef.cache.saved_cost", float(saved_usd), attributes)
        return "exact"
