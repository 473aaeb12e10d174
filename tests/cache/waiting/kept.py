"""A cache's handler with the state of one task, which keeps what outcomes change, as the runtime does."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from headchef_contracts.events.common import Event
from headchef_contracts.events.steps import StepCompleted, StepDispatched

from headchef.brakes import BrakesInForce
from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guarded import GuardedStore
from headchef.cache.handler import CacheHandler
from headchef.cache.policy import CachePolicy
from headchef.cache.waiting import WAITING, CancelledWaiters, Coalescing, Leaders, WaitPolicy
from headchef.runtime.log.port import Record
from headchef.runtime.processor import TIMERS, Delivery, Emit, Outcome, Store
from headchef.runtime.state import TaskState
from headchef.runtime.timers import clear_timer, event_id, read_timer, set_timer
from tests.cache.builders import deliver
from tests.cache.memory_store import MemoryAnswerStore
from tests.cache.up_to_date import UpToDate
from tests.support.manual_clock import START, ManualClock
from tests.support.recorded_metrics import RecordedMetrics

WAIT = WaitPolicy(interactive_s=60.0, bulk_s=3600.0)
_STORES = (Store(WAITING), Store(TIMERS))


class KeptCache:
    """One task of a cache.

    Args:
        policy: how long steps wait.
        most: leaders that are remembered.
        ttl_s: seconds for which an answer is served.
    """

    def __init__(self, policy: WaitPolicy = WAIT, *, most: int = 1_000, ttl_s: float | None = None) -> None:
        self.clock, self.metrics, self.store = ManualClock(), RecordedMetrics(), MemoryAnswerStore()
        self.brakes = BrakesInForce("cache", self.metrics)
        self.state = TaskState(_STORES, 2, {each.name: f"cache.{each.name}.changelog" for each in _STORES})
        self.written, self.invalidations = 0, UpToDate()
        self._policy, self._most, self._offset = policy, most, 0
        self._kept = CachePolicy(ttl_s)
        self.handler = self._handler()

    async def take(self, *events: Event) -> list[list[tuple[str, Event]]]:
        """Handle events as one batch, and give what each of them leads to."""
        deliveries = []
        for event in events:
            deliveries.append(deliver(event, offset=self._offset))
            self._offset += 1
        return await self.handle(deliveries)

    async def handle(self, deliveries: Sequence[Delivery]) -> list[list[tuple[str, Event]]]:
        """Handle deliveries as one batch, and keep what they change."""
        outcomes = await self.handler.handle_batch(deliveries, self.state)
        assert len(outcomes) == len(deliveries)
        for delivery, outcome in zip(deliveries, outcomes, strict=True):
            self._keep(delivery, outcome)
        return [
            [(each.topic, each.event) for each in outcome.outputs if isinstance(each, Emit)] for outcome in outcomes
        ]

    async def after(self, seconds: float) -> list[tuple[str, Event]]:
        """Let time pass, timer by timer, and give what comes of those that are due."""
        until, came = self.clock.now() + timedelta(seconds=seconds), list[tuple[str, Event]]()
        while (due := min(self.timers(), default=None, key=lambda each: each[0])) is not None and due[0] <= until:
            self.clock.advance(max(0.0, (due[0] - self.clock.now()).total_seconds()))
            [outputs] = await self.handle([due[1]])
            came += outputs
        self.clock.advance((until - self.clock.now()).total_seconds())
        return came

    def timers(self) -> list[tuple[datetime, Delivery]]:
        """Give the timers that are set, each as it would be delivered."""
        found = []
        for key, value in self.state.items(TIMERS):
            timer, _, _ = read_timer(key, value)
            record = Record("cache.timers.changelog", 2, -1, 0, key, timer.payload, ())
            found.append((timer.due, Delivery(TIMERS, None, event_id(timer), record, 0, START, timer)))
        return found

    def crash(self, *, only_the_task: bool = False) -> None:
        """Lose what was in memory, and read the state again.

        Args:
            only_the_task: it was somewhere else meanwhile, and comes back to the same process.
        """
        kept = {store.name: self.state.items(store.name) for store in _STORES}
        self.state.clear()
        for name, items in kept.items():
            self.state.restore(name, [Record(name, 2, 0, 0, key, value, ()) for key, value in items])
        if not only_the_task:
            self.handler = self._handler()

    def _handler(self) -> CacheHandler:
        guarded = GuardedStore(self.store, CircuitPolicy(1.0, 30.0), self.clock, self.metrics)
        coalescing = Coalescing(self._policy, Leaders(self._most), CancelledWaiters(self.brakes))
        return CacheHandler(guarded, self._kept, self.invalidations, coalescing, self.clock, self.metrics)

    def _keep(self, delivery: Delivery, outcome: Outcome) -> None:
        gone = {*outcome.cleared} | ({delivery.timer.id} if delivery.timer is not None else set())
        gone -= {each.id for each in outcome.timers}
        changes = (
            *outcome.changes,
            *map(clear_timer, sorted(gone)),
            *(set_timer(each, (), self.clock.now()) for each in outcome.timers),
        )
        self.written += len(outcome.changes) + len(outcome.timers)
        self.state.apply(changes, 0)
        for name in outcome.counted:
            self.metrics.count(name)


def dispatched(outputs: Sequence[tuple[str, Event]]) -> list[str]:
    """Give the jobs of the steps that went to their models."""
    return [event.step.job.job_id for _, event in outputs if isinstance(event, StepDispatched)]


def completed(outputs: Sequence[tuple[str, Event]]) -> list[str]:
    """Give the jobs of the steps that were answered."""
    return [event.step.job.job_id for _, event in outputs if isinstance(event, StepCompleted)]
